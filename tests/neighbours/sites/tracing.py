"""OpenTelemetry around redis-py, begun after the client was made: it sees each command."""

from flask import Flask, request, session
from opentelemetry import trace
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from serve import configured

from flask_session import Session

spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)

app = configured(Flask("tracing"))
Session(app)
RedisInstrumentor().instrument()


@app.route("/put", methods=["POST"])
def put():
    session.update(request.form)
    return ""


@app.route("/see")
def see():
    return session.get("name", "nobody")


@app.route("/leave", methods=["POST"])
def leave():
    session.clear()
    return ""


@app.route("/commands")
def commands():
    """The first words of what was traced since the last time."""
    seen = {span.name.split()[0].upper() for span in spans.get_finished_spans()}
    spans.clear()
    return " ".join(sorted(seen))
