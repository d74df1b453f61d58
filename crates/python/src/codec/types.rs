//! Python types that the codec knows by name, imported at their first use.

use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::once::python;

python!(decimal: PyType = "decimal", "Decimal");
python!(deque: PyType = "collections", "deque");
python!(enum_meta: PyType = "enum", "EnumMeta");
python!(markup: PyType = "markupsafe", "Markup");
python!(ordered_dict: PyType = "collections", "OrderedDict");
python!(uuid: PyType = "uuid", "UUID");
python!(zone_info: PyType = "zoneinfo", "ZoneInfo");

/// Whether `value` is of the type, or of a subclass, looking at the classes only: an overridden
/// `__class__` or `__instancecheck__` is not asked.
pub(super) fn is_a(value: &Bound<'_, PyAny>, of: &Bound<'_, PyType>) -> bool {
    let class = value.get_type();
    class.is(of) || class.mro().iter().any(|base| base.is(of))
}

/// The type's name with its module, for messages.
pub(super) fn name_of(value: &Bound<'_, PyAny>) -> String {
    value.get_type().fully_qualified_name().map_or_else(
        |_| "?".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Whether `value` is Markup or a subclass.
pub(super) fn is_markup(value: &Bound<'_, PyAny>) -> bool {
    // Without markupsafe there is no Markup.
    markup(value.py()).is_ok_and(|markup| is_a(value, markup))
}

/// Whether `value` is a member of an Enum.
pub(super) fn is_enum(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let class = value.get_type();
    Ok(is_a(class.as_any(), enum_meta(value.py())?))
}

/// Whether `value` is a text that is made when it is printed, as the translating extensions have.
pub(super) fn is_lazy_text(value: &Bound<'_, PyAny>) -> bool {
    value.get_type().mro().iter().any(|class| {
        let name = class
            .cast::<PyType>()
            .ok()
            .and_then(|class| class.name().ok());
        name.is_some_and(|name| name == "LazyString" || name == "_LazyString")
    })
}
