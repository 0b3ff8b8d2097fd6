"""Text from outside made fit to print: names of files, reasons that the system or a server gives."""
import sys


def one_line(text):
    """The text, or an error's, on one line; what is not printable, such as a control character, is escaped."""
    if isinstance(text, BaseException):
        text = getattr(text, 'strerror', None) or str(text) or type(text).__name__
    return ''.join(c if c.isprintable() or c == '\u3000' else c.encode('unicode_escape').decode()  # the Japanese blank
                   for c in ' '.join(str(text).splitlines()))


def say(text, stream=None, **options):
    """Print the text on one line, at once; what the stream's encoding does not know is escaped."""
    stream = stream or sys.stdout
    encoding = getattr(stream, 'encoding', None) or 'utf-8'
    print(one_line(text).encode(encoding, 'backslashreplace').decode(encoding), file=stream, flush=True, **options)
