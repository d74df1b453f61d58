//! The machine that a pickle programs.

use std::collections::HashMap;

use super::globals::{self, Global};
use super::nodes::{Id, Node, Nodes};
use super::{broken, integer, refused, strings, truncated};
use crate::{Error, Float, Result, Value};

/// Runs a whole pickle and returns what it leaves.
pub(super) fn run(input: &[u8]) -> Result<Value> {
    let mut machine = Machine {
        input,
        nodes: Nodes::new(input.len()),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    loop {
        let opcode = machine.byte()?;
        if opcode == b'.' {
            break;
        }
        machine.step(opcode)?;
    }
    if !machine.input.is_empty() {
        return Err(broken("something follows it"));
    }
    let result = machine.pop()?;
    machine.nodes.value(result)
}

struct Machine<'a> {
    /// What is left of the pickle.
    input: &'a [u8],
    nodes: Nodes,
    stack: Vec<Id>,
    /// The height of the stack at each mark.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
}

impl<'a> Machine<'a> {
    fn step(&mut self, opcode: u8) -> Result<()> {
        match opcode {
            0x80 => {
                if self.byte()? > 5 {
                    return Err(broken("its protocol is newer than 5"));
                }
            }
            // Frames only group the bytes that follow.
            0x95 => drop(self.take(8)?),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_mark()?),
            b'2' => {
                let top = self.pop()?;
                self.stack.extend([top, top]);
            }
            b'N' => self.push(Value::Nil)?,
            0x88 => self.push(Value::Bool(true))?,
            0x89 => self.push(Value::Bool(false))?,
            b'I' | b'J' | b'K' | b'M' | b'L' | 0x8a | 0x8b | b'F' | b'G' => {
                let number = self.number(opcode)?;
                self.push(number)?;
            }
            b'S' | b'T' | b'U' | b'V' | b'X' | 0x8c | 0x8d | b'B' | b'C' | 0x8e | 0x96 => {
                let string = self.string(opcode)?;
                self.push(string)?;
            }
            b'p' | b'q' | b'r' | 0x94 | b'g' | b'h' | b'j' => self.remember(opcode)?,
            b'c' | 0x93 | b'R' | 0x81 | b'b' => self.object(opcode)?,
            b'i' => {
                let (module, name) = (self.line_text()?, self.line_text()?);
                return Err(refused(module, name));
            }
            _ => return self.container(opcode),
        }
        Ok(())
    }

    fn number(&mut self, opcode: u8) -> Result<Value> {
        let malformed = || broken("a number is malformed");
        Ok(match opcode {
            b'I' => match self.line_text()? {
                "01" => Value::Bool(true),
                "00" => Value::Bool(false),
                text => integer::from_digits(text).ok_or_else(malformed)?,
            },
            b'L' => {
                let text = self.line_text()?;
                integer::from_digits(text.strip_suffix('L').unwrap_or(text))
                    .ok_or_else(malformed)?
            }
            b'J' => Value::from(i32::from_le_bytes(self.array()?)),
            b'K' => Value::from(i32::from(self.byte()?)),
            b'M' => Value::from(i32::from(u16::from_le_bytes(self.array()?))),
            b'F' => Value::from(self.line_text()?.parse::<f64>().map_err(|_| malformed())?),
            b'G' => Value::Float(Float(f64::from_be_bytes(self.array()?))),
            _ => {
                let length = match opcode {
                    0x8a => usize::from(self.byte()?),
                    _ => self.length(4)?,
                };
                integer::from_little_endian(self.take(length)?).ok_or_else(malformed)?
            }
        })
    }

    fn string(&mut self, opcode: u8) -> Result<Value> {
        let malformed = || broken("a string is malformed");
        let bytes = match opcode {
            b'S' => {
                let bytes = strings::unquote(self.line()?).ok_or_else(malformed)?;
                return Ok(strings::of_python_2(bytes));
            }
            b'V' => {
                let text = strings::raw_unicode(self.line()?).ok_or_else(malformed)?;
                return Ok(Value::Str(text));
            }
            b'U' | 0x8c | b'C' => self.sized(1)?,
            b'T' | b'X' | b'B' => self.sized(4)?,
            _ => self.sized(8)?,
        };
        let bytes = bytes.to_vec();
        Ok(match opcode {
            b'T' | b'U' => strings::of_python_2(bytes),
            b'B' | b'C' | 0x8e => Value::Bytes(bytes),
            0x96 => Value::ByteArray(bytes),
            _ => Value::Str(String::from_utf8(bytes).map_err(|_| malformed())?),
        })
    }

    fn remember(&mut self, opcode: u8) -> Result<()> {
        let place = match opcode {
            b'p' | b'g' => {
                let text = self.line_text()?;
                text.parse()
                    .map_err(|_| broken("a reference is malformed"))?
            }
            b'q' | b'h' => self.byte()?.into(),
            b'r' | b'j' => u32::from_le_bytes(self.array()?).into(),
            _ => u64::try_from(self.memo.len()).unwrap_or(u64::MAX),
        };
        if matches!(opcode, b'g' | b'h' | b'j') {
            let id = self.memo.get(&place).copied();
            self.stack
                .push(id.ok_or_else(|| broken("a reference leads nowhere"))?);
        } else {
            let top = self.top()?;
            self.memo.insert(place, top);
        }
        Ok(())
    }

    fn object(&mut self, opcode: u8) -> Result<()> {
        match opcode {
            b'c' => {
                let (module, name) = (self.line_text()?, self.line_text()?);
                let global = Global::find(module, name)?;
                self.push_node(Node::Global(global))?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let global = match (self.nodes.get(module), self.nodes.get(name)) {
                    (Node::Leaf(Value::Str(module)), Node::Leaf(Value::Str(name))) => {
                        Global::find(module, name)?
                    }
                    _ => return Err(broken("a name isn't text")),
                };
                self.push_node(Node::Global(global))?;
            }
            b'b' => {
                let state = self.pop()?;
                globals::restore(self.top()?, state, &mut self.nodes)?;
            }
            _ => {
                let (arguments, callee) = (self.pop()?, self.pop()?);
                let node = match (self.nodes.get(callee), self.nodes.get(arguments)) {
                    (Node::Global(global), Node::Tuple(arguments)) => {
                        global.build(arguments, &self.nodes)?
                    }
                    _ => return Err(broken("something is called that can't be")),
                };
                self.push_node(node)?;
            }
        }
        Ok(())
    }

    fn container(&mut self, opcode: u8) -> Result<()> {
        let node = match opcode {
            b']' => Node::List(Vec::new()),
            b')' => Node::Tuple(Vec::new()),
            b'}' => Node::Dict(Vec::new()),
            0x8f => Node::Set(Vec::new()),
            b'l' => Node::List(self.pop_mark()?),
            b't' => Node::Tuple(self.pop_mark()?),
            b'd' => Node::Dict(pairs(&self.pop_mark()?)?),
            0x91 => Node::FrozenSet(self.pop_mark()?),
            0x85 => Node::Tuple(vec![self.pop()?]),
            0x86 => {
                let (second, first) = (self.pop()?, self.pop()?);
                Node::Tuple(vec![first, second])
            }
            0x87 => {
                let (third, second, first) = (self.pop()?, self.pop()?, self.pop()?);
                Node::Tuple(vec![first, second, third])
            }
            b'a' => {
                let item = self.pop()?;
                return self.append(&[item]);
            }
            b'e' | 0x90 => {
                let items = self.pop_mark()?;
                return self.append(&items);
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                return self.set_items(&[key, value]);
            }
            b'u' => {
                let items = self.pop_mark()?;
                return self.set_items(&items);
            }
            _ => {
                let detail = format!("its operation 0x{opcode:02x} isn't read");
                return Err(broken(&detail));
            }
        };
        self.push_node(node)
    }

    fn append(&mut self, items: &[Id]) -> Result<()> {
        let top = self.top()?;
        match self.nodes.get_mut(top) {
            Node::List(list) | Node::Deque(list) | Node::Set(list) => list.extend(items),
            _ => return Err(broken("something is put into what holds nothing")),
        }
        Ok(())
    }

    fn set_items(&mut self, items: &[Id]) -> Result<()> {
        let items = pairs(items)?;
        let top = self.top()?;
        match self.nodes.get_mut(top) {
            Node::Dict(entries) | Node::OrderedDict(entries) => entries.extend(items),
            _ => return Err(broken("something is put into what holds nothing")),
        }
        Ok(())
    }

    fn push(&mut self, value: Value) -> Result<()> {
        self.push_node(Node::Leaf(value))
    }

    fn push_node(&mut self, node: Node) -> Result<()> {
        let id = self.nodes.add(node)?;
        self.stack.push(id);
        Ok(())
    }

    /// The lowest height that a pop may reach: what lies below a mark is out of reach.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Id> {
        let floor = self.floor();
        match self.stack.pop() {
            Some(id) if self.stack.len() >= floor => Ok(id),
            _ => Err(underflow()),
        }
    }

    fn top(&self) -> Result<Id> {
        let top = self.stack.last().copied();
        top.filter(|_| self.stack.len() > self.floor())
            .ok_or_else(underflow)
    }

    fn pop_mark(&mut self) -> Result<Vec<Id>> {
        let mark = self.marks.pop().ok_or_else(underflow)?;
        Ok(self.stack.split_off(mark))
    }

    fn byte(&mut self) -> Result<u8> {
        self.array().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (front, rest) = self.input.split_first_chunk().ok_or_else(truncated)?;
        self.input = rest;
        Ok(*front)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (front, rest) = self.input.split_at_checked(count).ok_or_else(truncated)?;
        self.input = rest;
        Ok(front)
    }

    fn length(&mut self, width: usize) -> Result<usize> {
        let mut bytes = [0; 8];
        bytes[..width].copy_from_slice(self.take(width)?);
        Ok(usize::try_from(u64::from_le_bytes(bytes)).unwrap_or(usize::MAX))
    }

    fn sized(&mut self, width: usize) -> Result<&'a [u8]> {
        let length = self.length(width)?;
        self.take(length)
    }

    fn line(&mut self) -> Result<&'a [u8]> {
        let end = self.input.iter().position(|byte| *byte == b'\n');
        let line = self.take(end.ok_or_else(truncated)?)?;
        self.take(1)?;
        Ok(line)
    }

    fn line_text(&mut self) -> Result<&'a str> {
        std::str::from_utf8(self.line()?).map_err(|_| broken("a line isn't text"))
    }
}

fn pairs(items: &[Id]) -> Result<Vec<(Id, Id)>> {
    let (pairs, rest) = items.as_chunks::<2>();
    if rest.is_empty() {
        Ok(pairs.iter().map(|[key, value]| (*key, *value)).collect())
    } else {
        Err(broken("a dict has a key without a value"))
    }
}

fn underflow() -> Error {
    broken("it takes more than it has put down")
}
