//! From bytes to a value, or a sentence why not.

use serde::de::value::Error as NoValue;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use crate::chain::text::clipped;

/// The value that was asked for, or why there is none.
pub(super) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    let not_json = |why: &str| Err(why.to_owned());
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => return not_json("an empty answer"),
        Some(b'<') => return not_json("HTML, not JSON"),
        Some(_) => {}
    }
    serde_json::from_slice(body).map_err(|e| clipped(&e.to_string(), 200))
}

/// The names of a struct's fields, as it asks for them: what it does not ask for need not be kept. A list beside it would
/// be forgotten when it gets another one.
pub(super) fn fields<T: DeserializeOwned>() -> &'static [&'static str] {
    struct Asked<'a>(&'a mut &'static [&'static str]);

    impl<'de> Deserializer<'de> for Asked<'_> {
        type Error = NoValue;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NoValue> {
            Err(NoValue::custom("no struct"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, NoValue> {
            *self.0 = fields;
            Err(NoValue::custom("no value, only the names"))
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    let mut names: &'static [&'static str] = &[];
    // There is never a value.
    drop(T::deserialize(Asked(&mut names)));
    names
}

#[cfg(test)]
mod tests {
    use super::fields;

    #[test]
    fn a_structs_fields_by_the_names_that_json_has() {
        #[derive(serde::Deserialize)]
        #[expect(dead_code, reason = "only its names are asked for")]
        struct Two {
            one: u8,
            #[serde(rename = "second")]
            two: Option<u8>,
        }
        assert_eq!(fields::<Two>(), ["one", "second"]);
        assert!(fields::<u8>().is_empty());
    }
}
