//! The fields of dataclasses, attrs classes and msgspec's structs, as msgspec finds them.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple, PyType};

use super::failure::Outcome;
use super::types;
use crate::once::intern;

/// An object as its fields.
pub(super) enum Fields<'py> {
    /// Written as a map.
    Named {
        entries: Vec<Named<'py>>,
        /// Fields that could have been there: msgspec sizes the map's header for them.
        most: usize,
    },
    /// Written as an array (a struct with `array_like`).
    Ordered(Vec<Bound<'py, PyAny>>),
}

type Named<'py> = (Bound<'py, PyString>, Bound<'py, PyAny>);

/// The fields of `value`; `None` if its class has no declared fields.
pub(super) fn fields_of<'py>(value: &Bound<'py, PyAny>) -> Outcome<Option<Fields<'py>>> {
    let py = value.py();
    if value.is_instance_of::<PyType>() {
        return Ok(None);
    }
    let class = value.get_type();
    if let Some(config) = class.getattr_opt(intern!(py, "__struct_config__"))? {
        return struct_fields(value, &class, &config).map(Some);
    }
    if let Some(declared) = class.getattr_opt(intern!(py, "__dataclass_fields__"))?
        && let Ok(declared) = declared.cast::<PyDict>()
    {
        return dataclass_fields(value, &class, declared).map(Some);
    }
    let own = class.getattr(intern!(py, "__dict__"))?;
    if own.contains(intern!(py, "__attrs_attrs__"))? {
        return attrs_fields(value, class).map(Some);
    }
    Ok(None)
}

fn instance_dict<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyDict>>> {
    let dict = value.getattr_opt(intern!(value.py(), "__dict__"))?;
    Ok(dict.and_then(|dict| dict.cast_into::<PyDict>().ok()))
}

fn is_unset(value: &Bound<'_, PyAny>) -> bool {
    types::name_of(value) == "msgspec.UnsetType"
}

fn dataclass_fields<'py>(
    value: &Bound<'py, PyAny>,
    class: &Bound<'py, PyType>,
    declared: &Bound<'py, PyDict>,
) -> Outcome<Fields<'py>> {
    let py = value.py();
    let dict = instance_dict(value)?;
    let mut entries = Vec::with_capacity(declared.len());
    for name in declared.keys() {
        let Ok(name) = name.cast_into_exact::<PyString>() else {
            continue;
        };
        let mut found = match &dict {
            Some(dict) => dict.get_item(&name)?,
            None => None,
        };
        if found.is_none()
            && let Some(slot) = class.getattr_opt(&name)?
            && slot.hasattr(intern!(py, "__set__"))?
        {
            found = value.getattr_opt(&name)?;
        }
        if let Some(found) = found.filter(|found| !is_unset(found)) {
            entries.push((name, found));
        }
    }
    let most = declared.len();
    Ok(Fields::Named { entries, most })
}

fn attrs_fields<'py>(value: &Bound<'py, PyAny>, class: Bound<'py, PyType>) -> Outcome<Fields<'py>> {
    let py = value.py();
    let mut most = 0;
    let mut entries = Vec::new();
    let mut add = |name: Bound<'py, PyString>, field: Bound<'py, PyAny>| -> Outcome<()> {
        let private = name.to_cow().map_or(true, |name| name.starts_with('_'));
        if !private && !is_unset(&field) {
            entries.push((name, field));
        }
        Ok(())
    };
    if let Some(dict) = instance_dict(value)? {
        most += dict.len();
        for (name, field) in dict {
            if let Ok(name) = name.cast_into_exact::<PyString>() {
                add(name, field)?;
            }
        }
    }
    let mut class = Some(class);
    while let Some(current) = class {
        let own = current.getattr(intern!(py, "__dict__"))?;
        let members = own.call_method0(intern!(py, "items"))?;
        for member in members.try_iter()? {
            let (name, member): (Bound<'py, PyString>, Bound<'py, PyAny>) = member?.extract()?;
            if types::name_of(&member) == "member_descriptor" {
                most += 1;
                if let Some(field) = value.getattr_opt(&name)? {
                    add(name, field)?;
                }
            }
        }
        let base = current.getattr(intern!(py, "__base__"))?;
        class = base.cast_into::<PyType>().ok();
    }
    Ok(Fields::Named { entries, most })
}

fn struct_fields<'py>(
    value: &Bound<'py, PyAny>,
    class: &Bound<'py, PyType>,
    config: &Bound<'py, PyAny>,
) -> Outcome<Fields<'py>> {
    let py = value.py();
    let tag = config.getattr(intern!(py, "tag"))?;
    let attributes = class.getattr(intern!(py, "__struct_fields__"))?;
    let mut values = Vec::new();
    for attribute in attributes.try_iter()? {
        values.push(value.getattr(attribute?.cast_into::<PyString>()?)?);
    }
    if config.getattr(intern!(py, "array_like"))?.is_truthy()? {
        if !tag.is_none() {
            values.insert(0, tag);
        }
        return Ok(Fields::Ordered(values));
    }
    let mut entries = Vec::with_capacity(values.len() + 1);
    if !tag.is_none() {
        let field = config.getattr(intern!(py, "tag_field"))?;
        entries.push((field.extract()?, tag));
    }
    let most = entries.len() + values.len();
    let defaults: Bound<'py, PyTuple> = class
        .getattr(intern!(py, "__struct_defaults__"))?
        .extract()?;
    let omit = config.getattr(intern!(py, "omit_defaults"))?.is_truthy()?;
    let required = values.len().saturating_sub(defaults.len());
    let names: Vec<Bound<'py, PyString>> = class
        .getattr(intern!(py, "__struct_encode_fields__"))?
        .extract()?;
    for (position, (name, field)) in names.into_iter().zip(values).enumerate() {
        let omitted = omit
            && position >= required
            && is_default(&field, &defaults.get_item(position - required)?)?;
        if !omitted && !is_unset(&field) {
            entries.push((name, field));
        }
    }
    Ok(Fields::Named { entries, most })
}

/// Whether a field has its default: that very object, or an empty container of its factory.
fn is_default(value: &Bound<'_, PyAny>, default: &Bound<'_, PyAny>) -> PyResult<bool> {
    if value.is(default) {
        return Ok(true);
    }
    let Some(factory) = default.getattr_opt(intern!(value.py(), "factory"))? else {
        return Ok(false);
    };
    let container = value.is_exact_instance_of::<PyList>()
        || value.is_exact_instance_of::<PyDict>()
        || value.is_exact_instance_of::<pyo3::types::PySet>();
    Ok(container && value.get_type().is(&factory) && value.is_empty()?)
}
