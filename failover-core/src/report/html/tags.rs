//! Tags, and text between them that is escaped.

use crate::report::words::{parts, plain};

/// A page that is written from its beginning to its end. Text that comes from outside passes [`Html::text`] or an
/// attribute's value, and nothing else takes any.
pub(super) struct Html(String);

impl Html {
    pub(super) fn new() -> Self {
        Self(String::with_capacity(64 * 1024))
    }

    /// The program's own markup.
    pub(super) fn raw(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    /// Text, escaped.
    pub(super) fn text(&mut self, text: &str) {
        for c in plain(text).chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
    }

    /// Text in which what stands between two backticks is a command.
    pub(super) fn prose(&mut self, text: &str) {
        for (part, code) in parts(text) {
            if code { self.element("code", "", part) } else { self.text(part) }
        }
    }

    pub(super) fn open(&mut self, tag: &'static str, class: &'static str) {
        if class.is_empty() { self.tag(tag, &[]) } else { self.tag(tag, &[("class", class)]) }
    }

    /// A tag with attributes.
    pub(super) fn tag(&mut self, tag: &'static str, attributes: &[(&'static str, &str)]) {
        self.raw("<");
        self.raw(tag);
        self.attributes(attributes);
        self.raw(">");
    }

    /// A tag without a content.
    pub(super) fn void(&mut self, tag: &'static str, attributes: &[(&'static str, &str)]) {
        self.raw("<");
        self.raw(tag);
        self.attributes(attributes);
        self.raw("/>\n");
    }

    fn attributes(&mut self, attributes: &[(&'static str, &str)]) {
        for (name, value) in attributes {
            self.raw(" ");
            self.raw(name);
            self.raw("=\"");
            self.text(value);
            self.raw("\"");
        }
    }

    pub(super) fn close(&mut self, tag: &'static str) {
        self.raw("</");
        self.raw(tag);
        self.raw(">\n");
    }

    /// A whole element with a text in it, in which commands stand between backticks.
    pub(super) fn said(&mut self, tag: &'static str, class: &'static str, text: &str) {
        self.open(tag, class);
        self.prose(text);
        self.close(tag);
    }

    /// A whole element with a text in it.
    pub(super) fn element(&mut self, tag: &'static str, class: &'static str, text: &str) {
        self.open(tag, class);
        self.text(text);
        self.raw("</");
        self.raw(tag);
        self.raw(">");
    }

    /// A sign that only repeats what is said beside it.
    pub(super) fn sign(&mut self, sign: &'static str) {
        self.tag("span", &[("class", "sign"), ("aria-hidden", "true")]);
        self.raw(sign);
        self.raw("</span>");
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}
