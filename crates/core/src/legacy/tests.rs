use super::*;

fn message(pickle: &[u8]) -> String {
    let error = read(pickle).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    error.to_string()
}

fn hold(pickle: &[u8]) -> Value {
    let data = read(pickle).unwrap().unwrap();
    data.get("a").unwrap().clone()
}

#[test]
fn a_name_that_is_not_listed_is_refused_by_its_name_and_the_setting() {
    for (pickle, name) in [
        (&b"cos\nsystem\n(S'true'\ntR."[..], "os.system"),
        (
            b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R.",
            "posix.system",
        ),
        (
            b"(dS'a'\nc__builtin__\neval\n(S'1'\ntRs.",
            "__builtin__.eval",
        ),
        (b"(imod<ule>\nCla\x1b[31mss\n.", "module.Cla31mss"),
    ] {
        let text = message(pickle);
        assert!(
            text.contains(name) && text.contains("SESSION_LEGACY_PICKLE"),
            "{text}"
        );
    }
}

#[test]
fn a_listed_name_can_not_be_kept_or_called_in_another_way() {
    for pickle in [
        &b"}S'a'\ncdatetime\ndatetime\ns."[..],
        b"}S'a'\ncbuiltins\nobject\n)Rs.",
        b"}S'a'\ncuuid\nUUID\n)\x81s.",
        b"}S'a'\ncuuid\nUUID\n)\x81}S'int'\nI-1\nsbs.",
        b"}S'a'\ncbuiltins\nset\nK\x01\x85Rs.",
        b"}S'a'\ncdatetime\ndate\nC\x04\x07\xe4\x0d\x01\x85Rs.",
        b"}S'a'\ncdecimal\nDecimal\nS'1 '\n\x85Rs.",
        b"}S'a'\n]}S'x'\nI1\nsbs.",
    ] {
        message(pickle);
    }
}

#[test]
fn references_share_data_but_not_without_bound() {
    let value = hold(b"}S'a'\n](K\x01K\x02eq\0h\0\x86s.");
    let list = Value::Array(vec![1.into(), 2.into()]);
    assert_eq!(value, Value::Tuple(vec![list.clone(), list]));
    // Each list holds the one before it ten times: 10^19 elements.
    let mut laughs = b"}S'a'\n]q\x000".to_vec();
    for level in 1..20u8 {
        laughs.extend([b']', b'q', level, b'(']);
        laughs.extend([b'h', level - 1].repeat(10));
        laughs.extend(b"e0");
    }
    laughs.extend(b"h\x13s.");
    assert!(message(&laughs).contains("too often"));
    // One long list, copied into a set again and again.
    let mut copies = b"}S'a'\n](".to_vec();
    copies.extend(b"K\x01".repeat(50_000));
    copies.extend(b"e\x85q\0cbuiltins\nset\nq\x01");
    copies.extend(b"h\x01h\0R0".repeat(50_000));
    copies.push(b'.');
    assert!(message(&copies).contains("too often"));
}

#[test]
fn what_holds_itself_is_refused() {
    assert!(message(b"}q\0S'a'\nh\0s.").contains("itself"));
    assert!(message(b"}S'a'\n]q\0h\0as.").contains("itself"));
}

#[test]
fn broken_pickles_are_refused() {
    let whole = b"\x80\x04\x95\0\0\0\0\0\0\0\0}\x94(\x8c\x01a\x94K\x01\x8c\x01b]\x94(K\x02eu.";
    assert_eq!(read(whole).unwrap().unwrap().len(), 2);
    for length in 0..whole.len() {
        message(&whole[..length]);
    }
    for pickle in [
        &b"."[..],
        b"0.",
        b"(0.",
        b"t.",
        b"}(K\x01u.",
        b"h\0.",
        b"\x80\x09}.",
        b"}.}",
        b"K\x01.",
        b"Pid\n.",
        b"Q.",
        b"\x97.",
        b"}K\x01a.",
        b"]K\x01K\x02s.",
        b"I1x\n.",
        b"}2s.",
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff.",
    ] {
        message(pickle);
    }
    assert_eq!(read(b"N.").unwrap(), None);
}

#[test]
fn only_what_opens_and_ends_like_a_pickle_looks_like_one() {
    assert!(is_likely(b"\x80\x04}."));
    assert!(is_likely(b"(dp0\n."));
    assert!(!is_likely(b"\x80\x04}"));
    assert!(!is_likely(b"garbage."));
    assert!(!is_likely(b""));
}
