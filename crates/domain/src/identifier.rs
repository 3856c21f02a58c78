//! Numbers by which people, families and things are known: NIK, KK, passport, telephone, service card.
//!
//! What a person typed is never refused: reading gives a [`Reading`] with the text to keep, what could be
//! made of it, and [`Warning`]s in plain words. A well-formed number does not prove that it exists. The rules,
//! their sources and tests are listed in `docs/identifiers.md`.

pub mod card;
mod civil;
mod country;
pub mod kk;
pub mod mask;
pub mod nik;
pub mod passport;
pub mod phone;
mod tracking;
mod warning;

pub use card::{BadCard, CardNumber};
pub use kk::FamilyCard;
pub use nik::{Nik, NikContext};
pub use passport::Passport;
pub use phone::{Phone, PhoneKind};
pub use tracking::{CODE_LENGTH, TrackingCode};
pub use warning::{Civil, CivilWarning, MismatchWarning, PaperWarning, PhoneWarning, Warning};

/// Most characters of a typed number that are looked at.
const TYPED_MAX: usize = 64;

/// A typed number as read: what to keep, what it says, what is odd about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading<T> {
    /// The text to keep: the canonical form where there is one, else as typed, without space around it.
    pub text: String,
    /// What the number says; `None` if it is empty or too far from its form.
    pub value: Option<T>,
    /// What is odd, in the order it was found.
    pub warnings: Vec<Warning>,
}

impl<T> Reading<T> {
    /// Nothing was typed.
    fn empty() -> Self {
        Reading { text: String::new(), value: None, warnings: Vec::new() }
    }

    /// A text without the number's form.
    fn unread(typed: &str, warning: impl Into<Warning>) -> Self {
        Reading { text: typed.trim().to_owned(), value: None, warnings: vec![warning.into()] }
    }

    /// Whether something was typed and nothing about it is odd.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.value.is_some() && self.warnings.is_empty()
    }
}

/// Sex as Indonesian documents write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// Laki-laki, `L`.
    Male,
    /// Perempuan, `P`.
    Female,
}

impl Sex {
    /// The sex of a code of the list `jenis_kelamin`.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Sex> {
        match code {
            "L" => Some(Sex::Male),
            "P" => Some(Sex::Female),
            _ => None,
        }
    }

    /// Its code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Sex::Male => "L",
            Sex::Female => "P",
        }
    }
}

/// A typed number without the spaces, dots, hyphens and apostrophes people divide or protect it with.
fn compact(typed: &str) -> String {
    let divider = |letter: char| letter.is_whitespace() || matches!(letter, '.' | '-' | '\'' | '’' | '_');
    typed.chars().take(TYPED_MAX).filter(|&letter| !divider(letter)).collect()
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
