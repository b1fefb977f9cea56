"""Options that commands share, each with its meaning for help and completion."""

from typing import Annotated

from repl.arguments import Option

Column = Annotated[str | None, Option("the column of the text; guessed where that is obvious")]
Drop = Annotated[tuple[str, ...], Option("a cell to leave out; may be repeated", "CELL")]
Encoding = Annotated[str | None, Option("the files' encoding; UTF-8 if not given")]
Label = Annotated[str | None, Option("the column of the lines' labels, such as their desk", "COLUMN")]
Layer = Annotated[int | None, Option("the layer, counted from 1; the last if not given")]
Name = Annotated[str | None, Option("the model's name; made from the file's if not given")]
Replace = Annotated[bool, Option("write over what is there")]
