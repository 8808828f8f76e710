//! Finds, for each mutant, the place in the text that it is written to.

use std::error::Error;
use std::fmt::Write as _;
use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::Mutant;
use crate::text::{Node, What, close, open, render};

/// A file with its mutants in it, the numbers of those, and the numbers of those that no compiler takes.
pub(crate) fn rewrite(text: &str, mutants: Vec<Mutant>) -> Result<(String, Vec<usize>, Vec<usize>), Box<dyn Error>> {
    let file = syn::parse_file(text)?;
    let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(n, _)| n + 1)).collect();
    let mut finder =
        Finder { text, lines, mutants, nodes: Vec::new(), written: Vec::new(), impossible: Vec::new(), constant: 0 };
    finder.visit_file(&file);
    // Outer ones first; what is only inserted before what begins there.
    finder.nodes.sort_by_key(|node| (node.range.start, !node.range.is_empty(), usize::MAX - node.range.end));
    for mutant in &finder.mutants {
        if !finder.written.contains(&mutant.number) {
            eprintln!("left to cargo-mutants: {} (to {}:{})", mutant.name, mutant.end.0, mutant.end.1);
        }
    }
    let text = render(text, &finder.nodes, 0..text.len());
    let Finder { mut written, impossible, .. } = finder;
    written.retain(|number| !impossible.contains(number));
    Ok((text, written, impossible))
}

struct Finder<'a> {
    text: &'a str,
    lines: Vec<usize>,
    mutants: Vec<Mutant>,
    nodes: Vec<Node>,
    written: Vec<usize>,
    /// A `let` in an `||`.
    impossible: Vec<usize>,
    constant: usize,
}

impl Finder<'_> {
    fn range(&self, span: proc_macro2::Span) -> Range<usize> {
        span.byte_range()
    }

    fn offset(&self, (line, column): (usize, usize)) -> usize {
        let start = self.lines[line - 1];
        self.text[start..].char_indices().nth(column - 1).map_or(self.text.len(), |(n, _)| start + n)
    }

    /// The mutants of a genre that begin here.
    fn at(&mut self, genre: &str, start: usize) -> Vec<(usize, String)> {
        if self.constant > 0 {
            return Vec::new();
        }
        let found: Vec<_> = self
            .mutants
            .iter()
            .filter(|m| m.genre == genre && self.offset(m.start) == start)
            .map(|m| (m.number, m.replacement.clone()))
            .collect();
        self.written.extend(found.iter().map(|(number, _)| *number));
        found
    }

    /// The values that a function could return at once. A constant function cannot ask which, so one
    /// that has mutants is made none.
    fn body(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let all = self.range(block.span());
        if let Some(constant) = &signature.constness
            && self.mutants.iter().any(|m| all.contains(&self.offset(m.start)))
        {
            self.nodes.push(Node { range: self.range(constant.span()), what: What::Insert(String::new()) });
        }
        // An `impl Trait` is one type, and another value has another.
        if matches!(&signature.output, syn::ReturnType::Type(_, of) if matches!(**of, syn::Type::ImplTrait(_))) {
            return;
        }
        let Some(first) = block.stmts.first() else { return };
        let start = self.range(first.span()).start;
        let mut text = String::new();
        for (number, value) in self.at("FnValue", start) {
            let _ =
                write!(text, "\n{}if crate::mutant({number}) {{ return {value}; }}{}\n", open(number), close(number));
        }
        if !text.is_empty() {
            self.nodes.push(Node { range: start..start, what: What::Insert(text) });
        }
    }
}

/// Does a chain of `&&` hold a `let`? It cannot stand in brackets.
fn has_let(expr: &syn::Expr) -> bool {
    match expr {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.body(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.body(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.body(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.constant += 1;
        visit::visit_item_const(self, item);
        self.constant -= 1;
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.constant += 1;
        visit::visit_impl_item_const(self, item);
        self.constant -= 1;
    }

    fn visit_expr_repeat(&mut self, repeat: &'ast syn::ExprRepeat) {
        self.visit_expr(&repeat.expr);
        self.constant += 1;
        self.visit_expr(&repeat.len);
        self.constant -= 1;
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        if !(has_let(&binary.left) || has_let(&binary.right)) {
            let op = self.range(binary.op.span());
            let others = self.at("BinaryOperator", op.start);
            if !others.is_empty() {
                let (left, right) = (self.range(binary.left.span()), self.range(binary.right.span()));
                let what = What::Operator { left, op: self.text[op].to_owned(), right, others };
                self.nodes.push(Node { range: self.range(binary.span()), what });
            }
        } else {
            let others = self.at("BinaryOperator", self.range(binary.op.span()).start);
            self.impossible.extend(others.iter().map(|(number, _)| *number));
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'ast syn::ExprUnary) {
        let start = self.range(unary.op.span()).start;
        if let Some((number, _)) = self.at("UnaryOperator", start).first() {
            let what = What::Unary { number: *number, operand: self.range(unary.expr.span()) };
            self.nodes.push(Node { range: self.range(unary.span()), what });
        }
        visit::visit_expr_unary(self, unary);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        let deleted = self.at("MatchArm", self.range(arm.span()).start);
        match &arm.guard {
            Some((_, guard)) => {
                let range = self.range(guard.span());
                let mut instead: Vec<_> = deleted.into_iter().map(|(number, _)| (number, "false".to_owned())).collect();
                instead.extend(self.at("MatchArmGuard", range.start));
                if !instead.is_empty() {
                    self.nodes.push(Node { range, what: What::Instead(instead) });
                }
            }
            None => {
                if let Some((number, _)) = deleted.first() {
                    let end = self.range(arm.pat.span()).end;
                    let text = format!("{} if !crate::mutant({number}) {}", open(*number), close(*number));
                    self.nodes.push(Node { range: end..end, what: What::Insert(text) });
                }
            }
        }
        visit::visit_arm(self, arm);
    }

    fn visit_expr_struct(&mut self, item: &'ast syn::ExprStruct) {
        let mut without = Vec::new();
        for pair in item.fields.pairs() {
            let range = self.range(pair.value().span());
            let end = pair.punct().map_or(range.end, |comma| self.range(comma.span()).end);
            without
                .extend(self.at("StructField", range.start).into_iter().map(|(number, _)| (number, range.start..end)));
        }
        if !without.is_empty() {
            self.nodes.push(Node { range: self.range(item.span()), what: What::Without(without) });
        }
        visit::visit_expr_struct(self, item);
    }
}
