//! Scalar values as Automerge keeps them.

use sambung_domain::value::Value;

/// A scalar of a document. Commands write text, whole numbers and yes/no only ([`Value`]); the others come
/// from newer packs and other programs and are kept as they are.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub enum Scalar {
    /// A text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A whole number that an encoder marked as never negative.
    Uint(u64),
    /// Yes or no.
    Bool(bool),
    /// A floating-point number.
    F64(f64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Nothing.
    Null,
    /// A counter: what it was set to, in an operation; what it stands at, in a document.
    Counter(i64),
    /// Milliseconds since 1970.
    Timestamp(i64),
}

impl Scalar {
    /// The value for people and projections. What [`Value`] has no variant for becomes a number where it
    /// is one, else a text: bytes in hex, nothing as the empty text.
    #[must_use]
    pub fn shown(&self) -> Value {
        match self {
            Scalar::Text(text) => Value::Text(text.clone()),
            Scalar::Int(number) | Scalar::Counter(number) | Scalar::Timestamp(number) => Value::Int(*number),
            Scalar::Uint(number) => {
                i64::try_from(*number).map_or_else(|_| Value::Text(number.to_string()), Value::Int)
            }
            Scalar::Bool(yes) => Value::Bool(*yes),
            Scalar::F64(number) => Value::Text(number.to_string()),
            Scalar::Bytes(bytes) => Value::Text(sambung_domain::hex::hex(bytes)),
            Scalar::Null => Value::Text(String::new()),
        }
    }
}

impl From<&Value> for Scalar {
    fn from(value: &Value) -> Self {
        match value {
            Value::Bool(yes) => Scalar::Bool(*yes),
            Value::Int(number) => Scalar::Int(*number),
            Value::Text(text) => Scalar::Text(text.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scalar_can_be_shown() {
        for (scalar, value) in [
            (Scalar::Text("Siti".to_owned()), Value::from("Siti")),
            (Scalar::Int(-3), Value::Int(-3)),
            (Scalar::Uint(3), Value::Int(3)),
            (Scalar::Uint(u64::MAX), Value::from("18446744073709551615")),
            (Scalar::Bool(true), Value::Bool(true)),
            (Scalar::F64(1.5), Value::from("1.5")),
            (Scalar::Bytes(vec![0, 255]), Value::from("00ff")),
            (Scalar::Null, Value::from("")),
            (Scalar::Counter(7), Value::Int(7)),
            (Scalar::Timestamp(8), Value::Int(8)),
        ] {
            assert_eq!(scalar.shown(), value, "{scalar:?}");
        }
    }
}
