//! The chapter "Values".

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use fastsession_core::value::{self, MAX_DEPTH};
use serde::{Serialize, Serializer};

use crate::page::{self, check, hex, table};

#[derive(Serialize)]
struct Point {
    x: i32,
}

#[derive(Serialize)]
enum Shape {
    Empty,
    Circle(i32),
    Rect(i32, i32),
    Named { n: i32 },
}

#[derive(Serialize)]
struct Whole {
    id: u16,
    name: &'static str,
    scores: [Option<f64>; 2],
    avatar: Octets,
}

struct Octets(&'static [u8]);

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

fn bytes<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    value::write(value, &mut bytes, usize::MAX).unwrap();
    bytes
}

/// The varint of `number`: what is written of the integer whose zigzag it is, behind the kind.
fn varint(number: u64) -> Vec<u8> {
    let half = i64::try_from(number / 2).unwrap();
    let integer = if number.is_multiple_of(2) { half } else { -half - 1 };
    bytes(&integer)[1..].to_vec()
}

fn chapter() -> String {
    page::chapter("Values")
}

fn row<T: Serialize + ?Sized>(name: &str, value: &T) -> Vec<String> {
    vec![name.into(), hex(&bytes(value))]
}

#[test]
fn values() {
    let expected = [
        row("null", &()),
        row("false", &false),
        row("true", &true),
        row("the integer 0", &0),
        row("the integer 1", &1),
        row("the integer -1", &-1),
        row("the integer 300", &300),
        row("the integer 2^63 - 1", &i64::MAX),
        row("the integer -2^63", &i64::MIN),
        row("the integer 2^63", &(1_u64 << 63)),
        row("the integer 2^64 - 1", &u64::MAX),
        row("the float 1.5", &1.5),
        row("the float -0.0", &-0.0),
        row("the float infinity", &f64::INFINITY),
        row("the empty text", ""),
        row("the text \"é\"", "é"),
        row("the bytes 0, 255", &Octets(&[0, 255])),
        row("the empty array", &[(); 0]),
        row("the array of 1 and null", &(1, ())),
        row("the empty map", &BTreeMap::<&str, bool>::new()),
        row("the map from \"a\" to true", &BTreeMap::from([("a", true)])),
    ];
    check(&chapter(), "| value | bytes |", &expected);
}

#[test]
fn kinds() {
    let chapter = chapter();
    let found: Vec<_> = table(&chapter, "| first byte | kind | what follows |")
        .into_iter()
        .map(|row| (row[0].to_owned(), row[1].split(',').next().unwrap().to_owned()))
        .collect();
    let expected: Vec<_> =
        (0..=8).map(|byte| (hex(&[byte]), format!("{:?}", value::kind(&[byte]).unwrap()))).collect();
    assert_eq!(found, expected);
    assert!(value::kind(&[9]).is_err());
    // The definition stands in the same order.
    let (_, definition) = chapter.split_once("enum Value {").unwrap();
    let variants: Vec<_> = definition
        .lines()
        .skip(1)
        .map_while(|line| line.strip_prefix("        "))
        .map(|variant| variant.split(['(', ',']).next().unwrap())
        .collect();
    assert_eq!(variants, expected.iter().map(|(_, kind)| kind.as_str()).collect::<Vec<_>>());
}

#[test]
fn varints() {
    let numbers = [0, 1, 127, 128, 300, 16_383, 16_384, u64::from(u32::MAX), 1 << 63, u64::MAX];
    let expected = numbers.map(|number| vec![number.to_string(), hex(&varint(number))]);
    let chapter = chapter();
    check(&chapter, "| integer | varint |", &expected);
    assert!(chapter.contains(&format!(
        "`2c`; with the eighth bit set, since more\nfollows, `{}`",
        hex(&varint(300)[..1])
    )));
    assert!(chapter.contains(&format!("The varint is `{}`.", hex(&varint(300)))));
}

#[test]
fn zigzag() {
    let numbers = [0, -1, 1, -2, 63, -64, 64, 300, -300, i64::MAX, i64::MIN];
    let expected = numbers.map(|number| {
        let zigzag = if number < 0 { -2 * i128::from(number) - 1 } else { 2 * i128::from(number) };
        let written = bytes(&number)[1..].to_vec();
        assert_eq!(written, varint(u64::try_from(zigzag).unwrap()));
        vec![number.to_string(), zigzag.to_string(), hex(&written)]
    });
    let chapter = chapter();
    check(&chapter, "| integer | zigzag | varint |", &expected);
    for (number, zigzag) in [(300, 600), (-300, 599)] {
        let varint = hex(&bytes(&number)[1..]);
        let stands = [format!("{number} becomes {zigzag}, `{varint}`"), format!("so the varint `{varint}`")];
        assert!(stands.iter().any(|text| chapter.contains(text)));
    }
}

#[test]
fn byte_by_byte() {
    let whole = Whole { id: 300, name: "Ada", scores: [Some(1.5), None], avatar: Octets(&[0, 255]) };
    let chapter = chapter();
    let (_, block) = chapter.split_once("```text\n").unwrap();
    let written: Vec<_> = block
        .lines()
        .take_while(|line| *line != "```")
        .map(|line| line.split("  ").next().unwrap())
        .collect();
    assert_eq!(written.join(" "), hex(&bytes(&whole)));
}

#[test]
fn refused() {
    let chapter = chapter();
    let rows = table(&chapter, "| refused | bytes |");
    assert_eq!(rows.len(), 12);
    for row in rows {
        let bytes: Vec<u8> = row[1].split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
        assert_eq!(value::validate(&bytes), Err(value::ValueError::Corrupt), "{row:?}");
    }
}

#[test]
fn limits() {
    assert!(chapter().contains(&format!("No more than {MAX_DEPTH} arrays and maps")));
}

#[test]
fn types_of_rust() {
    let expected: BTreeSet<_> = [
        row("()", &()),
        row("200u8", &200_u8),
        row("0.5f32", &0.5_f32),
        row("'é'", &'é'),
        row("vec![7u8]", &vec![7_u8]),
        row("ByteBuf::from([0, 255])", &Octets(&[0, 255])),
        row("Point { x: 1 }", &Point { x: 1 }),
        row("Some(true)", &Some(true)),
        row("Shape::Empty", &Shape::Empty),
        row("Shape::Circle(1)", &Shape::Circle(1)),
        row("Shape::Rect(1, 2)", &Shape::Rect(1, 2)),
        row("Shape::Named { n: 1 }", &Shape::Named { n: 1 }),
        row("Ipv4Addr::LOCALHOST", &Ipv4Addr::LOCALHOST),
        row("{-5: true}", &BTreeMap::from([(-5, true)])),
        row("{true: 1}", &BTreeMap::from([(true, 1)])),
        row("{'a': 1}", &BTreeMap::from([('a', 1)])),
    ]
    .into();
    let chapter = chapter();
    let found: BTreeSet<Vec<String>> = table(&chapter, "| type | value | example | bytes |")
        .into_iter()
        .map(|row| row[2..].iter().map(|cell| (*cell).to_owned()).collect())
        .collect();
    assert_eq!(found, expected);
}
