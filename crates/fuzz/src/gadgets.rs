//! Shapes by which pickles attack their readers. Each is a dict's pickle but for the attack.

/// `}S'a'\n ... s.`: the attack as a value of a session.
fn inside(attack: &[u8]) -> Vec<u8> {
    [b"}S'a'\n".as_slice(), attack, b"s."].concat()
}

/// A name of protocol 4.
fn named(module: &str, name: &str) -> Vec<u8> {
    let text = |text: &str| [&[0x8c, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [text(module), text(name), vec![0x93]].concat()
}

/// Each with its name.
#[allow(clippy::too_many_lines, reason = "it is a list")]
#[must_use]
pub fn gadgets() -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, attack: &[u8]| all.push((name.to_owned(), inside(attack)));

    // Calls, by each operation that calls.
    add("names os.system", b"cos\nsystem\n(S'id'\ntR");
    add("names os.system", b"(S'id'\nios\nsystem\n");
    add("names os.system", b"(cos\nsystem\nS'id'\no");
    add("names os.system", b"cos\nsystem\n(S'id'\nt\x81");
    add("names os.system", b"cos\nsystem\n(S'id'\nt}\x92");
    add(
        "names posix.system",
        &[named("posix", "system"), b"S'id'\n\x85R".to_vec()].concat(),
    );
    add(
        "names nt.system",
        &[named("nt", "system"), b"S'id'\n\x85R".to_vec()].concat(),
    );
    add(
        "names subprocess.Popen",
        b"csubprocess\nPopen\n(](S'id'\netR",
    );
    for name in [
        "eval",
        "exec",
        "__import__",
        "getattr",
        "compile",
        "open",
        "globals",
        "type",
        "map",
    ] {
        for module in ["builtins", "__builtin__"] {
            add(
                &format!("names {module}.{name}"),
                &[named(module, name), b"S'id'\n\x85R".to_vec()].concat(),
            );
        }
    }
    // What listed modules hold beside what is listed, and ways around the list.
    for (module, name) in [
        ("builtins", "set.__class__"),
        ("builtins", "object.__subclasses__"),
        ("builtins", "str.format"),
        ("builtins", "dict.get"),
        ("datetime", "datetime.strptime"),
        ("datetime", "sys"),
        ("zoneinfo", "ZoneInfo"),
        ("zoneinfo", "ZoneInfo.__init__"),
        ("collections", "abc.sys"),
        ("collections", "_sys"),
        ("collections", "UserDict"),
        ("collections", "Counter"),
        ("uuid", "os.system"),
        ("uuid", "UUID.__setattr__"),
        ("decimal", "getcontext"),
        ("markupsafe", "Markup.format"),
        ("markupsafe", "escape"),
        ("_codecs", "decode"),
        ("codecs", "encode"),
        ("copyreg", "__newobj__"),
        ("copyreg", "add_extension"),
        ("copyreg", "_reconstructor.__globals__"),
        ("functools", "partial"),
        ("operator", "attrgetter"),
        ("operator", "methodcaller"),
        ("types", "FunctionType"),
        ("types", "CodeType"),
        ("pickle", "loads"),
        ("marshal", "loads"),
        ("importlib", "import_module"),
        ("runpy", "_run_code"),
        ("pty", "spawn"),
        ("timeit", "timeit"),
        ("webbrowser", "open"),
        ("ctypes", "CDLL"),
        ("socket", "socket"),
        ("shutil", "rmtree"),
        ("asyncio", "run"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("torch", "load"),
        ("__main__", "User"),
    ] {
        add(&format!("names {module}.{name}"), &named(module, name));
    }
    add("a name of numbers", b"K\x01K\x02\x93");
    add("a name of a name", b"cbuiltins\nset\ncbuiltins\nset\n\x93");
    add("a name that is empty", &named("", ""));
    add("a name with a null", &named("os\0", "system"));
    add("a name in other letters", &named("\u{ff4f}s", "system"));
    add(
        "a name from the memo",
        b"\x8c\x02os\x94\x8c\x06system\x94h\0h\x01\x93",
    );
    add("a name that isn't UTF-8", b"c\xff\nsystem\n");

    // Listed names, used in another way than pickles of data do.
    add("a class itself", b"cdatetime\ndatetime\n");
    add("object()", b"cbuiltins\nobject\n)R");
    add("what a call gave is called", b"cbuiltins\nset\n)R)R");
    add("a dict is called", b"})R");
    add("a set of a number", b"cbuiltins\nset\nK\x01\x85R");
    add(
        "bytes of a size",
        b"cbuiltins\nbytes\nJ\xff\xff\xff\x7f\x85R",
    );
    add(
        "a bytearray of a size",
        b"cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R",
    );
    add(
        "an encoding that runs",
        b"c_codecs\nencode\n(S'x'\nS'zip'\ntR",
    );
    add(
        "a factory that runs",
        b"ccollections\ndefaultdict\ncos\nsystem\n\x85R",
    );
    add(
        "a factory of a factory",
        b"ccollections\ndefaultdict\nccollections\ndefaultdict\n\x85R",
    );
    add(
        "an object rebuilt as another",
        b"ccopyreg\n_reconstructor\n(cbuiltins\nset\ncbuiltins\nobject\nNtR",
    );
    add(
        "an enum rebuilt",
        b"ccopyreg\n_reconstructor\n(c__main__\nE\ncbuiltins\nobject\nNtR",
    );
    add("state for a list", b"]}S'x'\nK\x01sb");
    add(
        "state with __setstate__",
        b"]}S'__setstate__'\ncbuiltins\nset\nsb",
    );
    add(
        "state with __class__",
        b"cuuid\nUUID\n)\x81}(S'__class__'\nS'x'\nS'int'\nS'x'\nub",
    );
    add("state of slots", b"cuuid\nUUID\n)\x81N}S'int'\nK\x01s\x86b");
    add("a UUID that never got a number", b"cuuid\nUUID\n)\x81");
    add(
        "a UUID too large",
        b"cuuid\nUUID\n)\x81}S'int'\n\x8a\x11\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01sb",
    );
    add(
        "a month thirteen",
        b"cdatetime\ndate\nC\x04\x07\xe4\x0d\x01\x85R",
    );
    add(
        "a datetime cut short",
        b"cdatetime\ndatetime\nC\x03\x07\xe4\x01\x85R",
    );
    add(
        "a datetime in a set",
        b"cdatetime\ndatetime\nC\x0a\x07\xe4\x01\x01\0\0\0\0\0\0\x8f\x86R",
    );
    add(
        "a zone of days",
        b"cdatetime\ntimezone\ncdatetime\ntimedelta\nK\x63K\0K\0\x87R\x85R",
    );
    add(
        "a span without bound",
        b"cdatetime\ntimedelta\n\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7fK\0K\0\x87R",
    );
    add(
        "a decimal of code",
        b"cdecimal\nDecimal\nS'__import__'\n\x85R",
    );

    // The doors that pickle has beside names.
    add("extension 1", b"\x82\x01");
    add("extension 2", b"\x83\x01\0");
    add("extension 4", b"\x84\x01\0\0\0");
    add("a persistent id", b"Pid\n");
    add("a persistent id of the stack", b"S'id'\nQ");
    add("a buffer from elsewhere", b"\x97");
    add("a read-only buffer", b"\x97\x98");
    add("a protocol of the future", b"\x80\x06N");

    // Memory and time.
    add(
        "a string without end",
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff",
    );
    add("bytes without end", b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f");
    add(
        "a bytearray without end",
        b"\x96\xff\xff\xff\xff\xff\xff\xff\x7f",
    );
    add("a string of four gigabytes", b"X\xff\xff\xff\xff");
    add("an integer of two gigabytes", b"\x8b\xff\xff\xff\x7f");
    add(
        "a place in the memo far out",
        b"Nr\xff\xff\xff\xff0j\xff\xff\xff\xfe",
    );
    add(
        "a place in the memo that is no number",
        b"Np99999999999999999999\n",
    );
    add("a reference to nothing", b"h\x07");
    add(
        "an integer of a million digits",
        &[b"L".to_vec(), b"9".repeat(1_000_000), b"L\n".to_vec()].concat(),
    );
    add(
        "a line without end",
        &[b"S'".to_vec(), b"x".repeat(1_000_000)].concat(),
    );
    add(
        "a name of a million letters",
        &[b"c".to_vec(), b"x".repeat(1_000_000), b"\nx\n".to_vec()].concat(),
    );
    add(
        "lists in lists",
        &[b"]".repeat(100_000), b"a".repeat(99_999)].concat(),
    );
    add(
        "tuples in tuples",
        &[b")".to_vec(), b"\x85".repeat(100_000)].concat(),
    );
    add("marks upon marks", &b"(".repeat(100_000));
    add(
        "dicts in dicts",
        &[
            b"}S'a'\n".repeat(20_000),
            b"}".to_vec(),
            b"s".repeat(20_000),
        ]
        .concat(),
    );
    add("a list that holds itself", b"]q\0h\0a");
    add("a dict that holds itself", b"}q\0S'a'\nh\0s");
    add("a tuple that holds itself", b"]q\0h\0\x85a");
    add(
        "a billion laughs, doubled",
        &[b"N\x85".to_vec(), b"2\x86".repeat(60)].concat(),
    );
    add("a billion laughs in lists", &laughs());
    add("one string a hundred thousand times", &{
        let text = [
            b"X\0\x40\0\0".to_vec(),
            b"x".repeat(0x4000),
            b"q\0".to_vec(),
        ]
        .concat();
        [b"](".to_vec(), text, b"h\0".repeat(100_000), b"e".to_vec()].concat()
    });
    add("one list put into sets again and again", &{
        let list = [
            b"](".to_vec(),
            b"K\x01".repeat(50_000),
            b"e\x85q\x000cbuiltins\nset\nq\x010".to_vec(),
        ];
        [list.concat(), b"h\x01h\0R0".repeat(50_000), b"N".to_vec()].concat()
    });

    // More taken than was put down.
    add("a pop of nothing", b"00");
    add("a mark that isn't there", b"t");
    add("a pop below a mark", b"(000");
    add("a dict of three", b"(K\x01K\x02K\x03d");
    add("an item for a number", b"K\x01K\x02a");

    all.push(("nothing at all".to_owned(), b"\x80\x04.".to_vec()));
    all.push(("more than one".to_owned(), b"}.}.".to_vec()));
    all.push(("a list for a session".to_owned(), b"\x80\x04].".to_vec()));
    all.push(("a set for a key".to_owned(), b"}\x8fK\x01s.".to_vec()));
    all
}

/// Each list holds the one before it ten times.
fn laughs() -> Vec<u8> {
    let mut pickle = b"]q\x000".to_vec();
    for level in 1..20u8 {
        pickle.extend([b']', b'q', level, b'(']);
        pickle.extend([b'h', level - 1].repeat(10));
        pickle.extend(b"e0");
    }
    pickle.extend(b"h\x13");
    pickle
}
