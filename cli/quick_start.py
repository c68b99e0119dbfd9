"""Makes the programs start sooner: Telegram's types are prepared when they are first used.

Importing aiogram prepares all of its 360 types for validation, which is most of a program's start
although a bot uses a few of them. aiogram marks its types as to be prepared late
(`defer_build`), and then prepares every one of them at the end of its import all the same.
"""

import sys
from types import ModuleType
from typing import Any, Literal, Optional, Union

from pydantic import BaseModel

_METHOD = "model_rebuild"


def import_aiogram() -> None:
    """Import aiogram and leave its types to be prepared one by one, by pydantic itself."""
    if "aiogram" in sys.modules:
        return
    rebuild = vars(BaseModel)[_METHOD]

    def later(model: type[Any], /, **arguments: Any) -> bool | None:
        if model.__module__.startswith("aiogram."):
            return None
        done: bool | None = rebuild.__get__(None, model)(**arguments)
        return done

    setattr(BaseModel, _METHOD, classmethod(later))
    try:
        import aiogram.methods
        import aiogram.types
    finally:
        setattr(BaseModel, _METHOD, rebuild)
    _let_find_each_other(aiogram.types)


def _let_find_each_other(types: ModuleType) -> None:
    """pydantic looks up the annotations of a class in the class's module."""
    from aiogram.client.default import Default

    known: dict[str, Any] = {name: getattr(types, name) for name in types.__all__}
    known |= {"List": list, "Optional": Optional, "Union": Union, "Literal": Literal}
    known |= {"Default": Default}
    for name, module in list(sys.modules.items()):
        if name.startswith(("aiogram.types.", "aiogram.methods.")):
            vars(module).update({k: v for k, v in known.items() if k not in vars(module)})
