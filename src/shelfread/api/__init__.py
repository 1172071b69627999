"""What programs and pages are told over HTTP. An edge like the command line: it calls `app`.

The only place that knows a web library.
"""
