//! The description of each message's fields: `impl Described for …`, appended to prost's code.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;

use heck::{ToSnakeCase, ToUpperCamelCase};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};

/// The types that prost takes from elsewhere: their descriptions are implemented here, for the types there.
const WELL_KNOWN: &str = "google.protobuf";

/// All messages by their full name with a dot in front, as descriptors refer to them.
type Messages<'a> = BTreeMap<String, Message<'a>>;

struct Message<'a> {
    package: &'a str,
    /// The names of the messages around it, outermost first.
    around: Vec<&'a str>,
    descriptor: &'a DescriptorProto,
}

/// The code for each package.
pub(super) fn by_package(set: &FileDescriptorSet) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let mut messages = Messages::new();
    for file in &set.file {
        if file.syntax() != "proto3" {
            return Err(format!("{}: only proto3 is supported", file.name()).into());
        }
        for message in &file.message_type {
            collect(file.package(), &[], message, &mut messages);
        }
    }
    let mut packages = BTreeMap::new();
    for (name, message) in &messages {
        if message.descriptor.options.as_ref().is_some_and(|options| options.map_entry()) {
            continue;
        }
        let text: &mut String =
            packages.entry(message.package.to_owned()).or_insert_with(|| "\nuse crate::proto::schema;\n".into());
        write_schema(text, name, message, &messages)?;
    }
    Ok(packages)
}

fn collect<'a>(package: &'a str, around: &[&'a str], descriptor: &'a DescriptorProto, messages: &mut Messages<'a>) {
    let mut path = around.to_vec();
    path.push(descriptor.name());
    for nested in &descriptor.nested_type {
        collect(package, &path, nested, messages);
    }
    let full_name = format!(".{package}.{}", path.join("."));
    messages.insert(full_name, Message { package, around: around.to_vec(), descriptor });
}

fn write_schema(
    text: &mut String,
    name: &str,
    message: &Message<'_>,
    messages: &Messages<'_>,
) -> Result<(), Box<dyn Error>> {
    let mut fields: Vec<&FieldDescriptorProto> = message.descriptor.field.iter().collect();
    // A look-up by number relies on the order.
    fields.sort_by_key(|field| field.number());
    writeln!(text, "\nimpl schema::Described for {} {{", type_name(message, false))?;
    writeln!(text, "    const SCHEMA: &'static schema::Schema = &schema::Schema {{")?;
    writeln!(text, "        name: {:?},", name.trim_start_matches('.'))?;
    if fields.is_empty() {
        writeln!(text, "        fields: &[],")?;
    } else {
        writeln!(text, "        fields: &[")?;
        for field in fields {
            if field.oneof_index.is_some() && !field.proto3_optional() {
                // Members of a oneof displace each other, and what was unknown in them: UnknownFields has no such rule.
                return Err(format!("{name}.{}: oneof is not supported", field.name()).into());
            }
            let kind = kind(field, messages)?;
            let function = if field.label() == Label::Repeated { "many" } else { "one" };
            writeln!(text, "            schema::Field::{function}({}, {:?}, {kind}),", field.number(), field.name())?;
        }
        writeln!(text, "        ],")?;
    }
    writeln!(text, "    }};\n}}")?;
    Ok(())
}

fn kind(field: &FieldDescriptorProto, messages: &Messages<'_>) -> Result<String, Box<dyn Error>> {
    Ok(match field.r#type() {
        Type::Int32
        | Type::Int64
        | Type::Uint32
        | Type::Uint64
        | Type::Sint32
        | Type::Sint64
        | Type::Bool
        | Type::Enum => "schema::Kind::Varint".into(),
        Type::Fixed32 | Type::Sfixed32 | Type::Float => "schema::Kind::Fixed32".into(),
        Type::Fixed64 | Type::Sfixed64 | Type::Double => "schema::Kind::Fixed64".into(),
        Type::String => "schema::Kind::String".into(),
        Type::Bytes => "schema::Kind::Bytes".into(),
        Type::Group => return Err(format!("{}: groups are not supported", field.name()).into()),
        Type::Message => {
            let message =
                messages.get(field.type_name()).ok_or_else(|| format!("{} is not described", field.type_name()))?;
            if message.descriptor.options.as_ref().is_some_and(|options| options.map_entry()) {
                let [key, value] = message.descriptor.field.as_slice() else {
                    return Err(format!("{} is not a map entry", field.type_name()).into());
                };
                format!(
                    "schema::Kind::Map(&schema::MapEntry {{ key: {}, value: {} }})",
                    kind(key, messages)?,
                    kind(value, messages)?
                )
            } else {
                format!("schema::Kind::message::<{}>()", type_name(message, true))
            }
        }
    })
}

/// The Rust type that prost made of a message: its path in its package's module, or from the root of the crate.
fn type_name(message: &Message<'_>, absolute: bool) -> String {
    let name = message.descriptor.name().to_upper_camel_case();
    if message.package == WELL_KNOWN {
        // prost's own choice: an empty message is the empty tuple.
        return if name == "Empty" { "()".into() } else { format!("::prost_types::{name}") };
    }
    let mut path = String::new();
    if absolute {
        path.push_str("crate::proto::generated::");
        path.extend(message.package.split('.').map(|part| format!("{part}::")));
    }
    path.extend(message.around.iter().map(|outer| format!("{}::", outer.to_snake_case())));
    path.push_str(&name);
    path
}
