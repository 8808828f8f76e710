//! Writes text with other text beside it, each behind its switch.

use std::fmt::Write as _;
use std::ops::Range;

/// A place where something is written; whatever lies in its range is written in turn.
pub(crate) struct Node {
    pub(crate) range: Range<usize>,
    pub(crate) what: What,
}

pub(crate) enum What {
    /// Text of its own; in an empty range it comes before what stands there.
    Insert(String),
    /// This instead of what stands there, for each number; else what stands there.
    Instead(Vec<(usize, String)>),
    /// `left op right` with another operator.
    Operator { left: Range<usize>, op: String, right: Range<usize>, others: Vec<(usize, String)> },
    /// `!operand` without it.
    Unary { number: usize, operand: Range<usize> },
    /// A struct without one of its fields, comma and all.
    Without(Vec<(usize, Range<usize>)>),
}

/// Marks around a mutant's text, by which an error of the compiler finds it.
pub(crate) fn open(number: usize) -> String {
    format!("/*<{number}*/")
}

pub(crate) fn close(number: usize) -> String {
    format!("/*{number}>*/")
}

/// The text of a range, with the nodes in it written. `nodes` are sorted; those before the range are skipped.
pub(crate) fn render(text: &str, nodes: &[Node], range: Range<usize>) -> String {
    let mut out = String::new();
    let mut at = range.start;
    for (index, node) in nodes.iter().enumerate() {
        if node.range.start < at || node.range.end > range.end {
            continue;
        }
        out.push_str(&text[at..node.range.start]);
        at = node.range.end;
        write_node(text, &nodes[index + 1..], node, &mut out);
    }
    out.push_str(&text[at..range.end]);
    out
}

fn write_node(text: &str, inner: &[Node], node: &Node, out: &mut String) {
    let part = |range: &Range<usize>| render(text, inner, range.clone());
    let mut choices: Vec<(usize, String)> = Vec::new();
    let last = match &node.what {
        What::Insert(text) => return out.push_str(text),
        What::Instead(instead) => {
            choices.clone_from(instead);
            part(&node.range)
        }
        What::Operator { left, op, right, others } => {
            choices.extend(
                others.iter().map(|(number, other)| (*number, format!("{} {other} {}", part(left), part(right)))),
            );
            format!("{} {op} {}", part(left), part(right))
        }
        What::Unary { number, operand } => {
            choices.push((*number, part(operand)));
            part(&node.range)
        }
        What::Without(fields) => {
            for (number, field) in fields {
                let (before, after) = (node.range.start..field.start, field.end..node.range.end);
                choices.push((*number, part(&before) + &part(&after)));
            }
            part(&node.range)
        }
    };
    out.push('(');
    for (number, choice) in choices {
        let _ = write!(out, "if crate::mutant({number}) {{ {}{choice}{} }} else ", open(number), close(number));
    }
    let _ = write!(out, "{{ {last} }})");
}
