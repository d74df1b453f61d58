//! How much memory a read takes.

use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Bytes of heap that a read may take: so many for each byte of input, and these beside.
const PER_BYTE: usize = 512;
const BESIDE: usize = 4 << 20;

/// What `read` makes of `input`, which must not take more than a small multiple of its size. The
/// heap is the whole process's: one at a time.
pub(crate) fn bounded<T>(input: &[u8], read: impl FnOnce() -> T) -> T {
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    let result = read();
    let taken = HEAP.peak_usage().saturating_sub(before);
    assert!(
        taken <= PER_BYTE * input.len() + BESIDE,
        "{taken} bytes of heap for an input of {}",
        input.len()
    );
    result
}
