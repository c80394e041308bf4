//! Fields of forms with their labels, hints and errors.
//!
//! Invariants: label, hint and error are tied to the control, so that screen readers read all three; what was typed comes
//! back with its error; what may be left out says so.

use askama::Template;

use super::Icon;

/// One of several values.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What people read.
    pub text: String,
}

impl Choice {
    /// A value with its words.
    pub fn new(value: impl Into<String>, text: impl Into<String>) -> Choice {
        Choice { value: value.into(), text: text.into() }
    }
}

/// What a field is filled in with.
#[derive(Clone, Debug)]
pub enum Control {
    /// A line of text; the type of the input: `text`, `email`, `password`, `date`.
    Line(&'static str),
    /// One of many.
    Select(Vec<Choice>),
    /// One of a few.
    Radios(Vec<Choice>),
}

/// A field of a form.
#[derive(Clone, Debug, Template)]
#[template(path = "components/field.html")]
pub struct Field {
    /// Its name in the form, also its id.
    pub name: String,
    /// What is asked.
    pub label: String,
    /// What helps to answer.
    pub hint: Option<String>,
    /// What is wrong with the answer, and what to do.
    pub error: Option<String>,
    /// Said beside the label of what may be left out.
    pub optional: Option<String>,
    /// What was answered.
    pub value: String,
    /// The value of `autocomplete`; empty: none.
    pub autocomplete: &'static str,
    /// The value of `inputmode`; empty: that of the type.
    pub inputmode: &'static str,
    /// Longest answer, in characters; 0: not said.
    pub max_chars: usize,
    /// The cursor begins here.
    pub autofocus: bool,
    /// A change shows other fields.
    pub refreshes: bool,
    /// What it is filled in with.
    pub control: Control,
}

impl Field {
    /// A field that must be filled in.
    pub fn new(name: impl Into<String>, label: impl Into<String>, control: Control) -> Field {
        Field {
            name: name.into(),
            label: label.into(),
            hint: None,
            error: None,
            optional: None,
            value: String::new(),
            autocomplete: "",
            inputmode: "",
            max_chars: 0,
            autofocus: false,
            refreshes: false,
            control,
        }
    }

    /// A line of text.
    pub fn line(name: impl Into<String>, label: impl Into<String>) -> Field {
        Field::new(name, label, Control::Line("text"))
    }

    /// With what was answered before.
    pub fn value(self, value: impl Into<String>) -> Field {
        Field { value: value.into(), ..self }
    }

    /// With what helps to answer.
    pub fn hint(self, hint: impl Into<String>) -> Field {
        Field { hint: Some(hint.into()), ..self }
    }

    /// It may be left out; `word` says so.
    pub fn optional(self, word: impl Into<String>) -> Field {
        Field { optional: Some(word.into()), ..self }
    }

    /// What browsers may fill in by themselves.
    pub fn autocomplete(self, autocomplete: &'static str) -> Field {
        Field { autocomplete, ..self }
    }

    /// Longest answer, in characters.
    pub fn max_chars(self, max_chars: usize) -> Field {
        Field { max_chars, ..self }
    }

    /// A change shows other fields.
    pub fn refreshing(self) -> Field {
        Field { refreshes: true, ..self }
    }

    /// The cursor begins here.
    pub fn focused(self) -> Field {
        Field { autofocus: true, ..self }
    }

    /// With its mistake, if it is among these.
    pub fn checked(self, mistakes: &[Mistake]) -> Field {
        let found = mistakes.iter().find(|mistake| mistake.field == self.name);
        Field { error: found.map(|mistake| mistake.text.clone()), ..self }
    }

    /// The ids that describe the control.
    fn described_by(&self) -> String {
        let hint = self.hint.as_ref().map(|_| format!("{}-hint", self.name));
        let error = self.error.as_ref().map(|_| format!("{}-error", self.name));
        hint.into_iter().chain(error).collect::<Vec<_>>().join(" ")
    }
}

/// What is wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The field's name, also its id.
    pub field: String,
    /// What is wrong, and what to do.
    pub text: String,
}

/// Everything that is wrong with a form, at its top. Without mistakes nothing is written.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "components/summary.html")]
pub struct Summary {
    /// How many there are, in words.
    pub title: String,
    /// Each, with a link to its field.
    pub mistakes: Vec<Mistake>,
}
