"""A small shop whose visitors have server-side sessions: plain Flask, and `Session(app)`.

Run it with `make demo`, or `flask --app examples/flask_app/app.py run`. Sessions are kept in files, or in the
Redis that the environment variable DEMO_URL names (redis://, rediss:// or unix://).
"""

import os
from datetime import datetime, timedelta, timezone

from flask import Flask, abort, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from flask_session import Session

PRODUCTS = {
    "pencil": {"name": "Pencil", "detail": "soft, six-sided", "cents": 120},
    "notebook": {"name": "Notebook", "detail": "squared, 96 pages", "cents": 850},
    "ink": {"name": "Bottle of ink", "detail": "blue-black, 30 ml", "cents": 1190},
    "envelopes": {"name": "Envelopes", "detail": "a dozen, cream", "cents": 460},
    "ruler": {"name": "Ruler", "detail": "beech, 30 cm", "cents": 275},
    "clips": {"name": "Paper clips", "detail": "a hundred, brass", "cents": 340},
}

app = Flask(__name__)
app.config.update(
    # Sessions end with the browser unless the visitor wants to be remembered (see `remember` below).
    SESSION_PERMANENT=False,
    # How long the store keeps a session that nobody uses, and how long a remembered one's cookie lives.
    PERMANENT_SESSION_LIFETIME=timedelta(days=14),
    # Forms on other sites arrive without the cookie. On https, add SESSION_COOKIE_SECURE=True.
    SESSION_COOKIE_SAMESITE="Lax",
)
if url := os.environ.get("DEMO_URL"):
    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=url)
else:
    app.config.update(SESSION_TYPE="filesystem", SESSION_FILE_DIR="flask_session_data")

# That is all: from here on `flask.session` is kept on the server. The cookie holds only a random id, so no
# SECRET_KEY is needed.
Session(app)


@app.get("/")
def shop() -> str:
    return render_template("shop.html", products=PRODUCTS)


@app.post("/count")
def count() -> Response:
    session["count"] = session.get("count", 0) + 1
    return redirect(url_for("shop"))


@app.get("/cart")
def cart() -> str:
    lines = [PRODUCTS[line["product"]] | line for line in session.get("cart", [])]
    total = sum(line["cents"] * line["quantity"] for line in lines)
    return render_template("cart.html", lines=lines, total=total)


@app.post("/cart/<product>/add")
def add_to_cart(product: str) -> Response:
    if product not in PRODUCTS:
        abort(404)
    # Nested data may be changed in place: what is stored is compared with what was loaded, so there is no
    # need to set session.modified.
    lines = session.setdefault("cart", [])
    for line in lines:
        if line["product"] == product:
            line["quantity"] += 1
            break
    else:
        lines.append({"product": product, "quantity": 1})
    flash(f"{PRODUCTS[product]['name']} added to your cart.")
    return redirect(url_for("cart" if request.form.get("back") == "cart" else "shop"))


@app.post("/cart/<product>/remove")
def remove_from_cart(product: str) -> Response:
    for line in session.get("cart", []):
        if line["product"] == product:
            line["quantity"] -= 1
            if line["quantity"] == 0:
                session["cart"].remove(line)
            break
    return redirect(url_for("cart"))


@app.get("/login")
def login_form() -> str:
    return render_template("login.html")


@app.post("/login")
def login() -> Response:
    name = request.form.get("name", "").strip()[:40]
    if not name:
        flash("Please enter a name.")
        return redirect(url_for("login_form"))
    # A new id for the same session: whoever knew the id from before the login doesn't become logged in.
    app.session_interface.regenerate(session)
    session["name"] = name
    session.permanent = "remember" in request.form
    flash(f"Welcome, {name}.")
    return redirect(url_for("shop"))


@app.post("/logout")
def logout() -> Response:
    # An emptied session is deleted from the store, and its cookie from the browser.
    session.clear()
    return redirect(url_for("shop"))


@app.post("/remember")
def remember() -> Response:
    # A permanent session's cookie outlives the browser window; any other's doesn't.
    session.permanent = "remember" in request.form
    return redirect(url_for("your_session"))


@app.get("/session")
def your_session() -> str:
    interface = app.session_interface
    now = datetime.now(timezone.utc)
    return render_template(
        "session.html",
        age=now - session["begun"] if "begun" in session else None,
        size=len(interface.serializer.encode(session)),
        backend=app.config["SESSION_TYPE"],
        guarantee=getattr(interface, "guarantee", "overwrite"),
        expires=now + app.permanent_session_lifetime,
    )


@app.before_request
def note_the_beginning() -> None:
    # Only a POST stores something here: who just looks around gets neither a session nor a cookie.
    if request.method == "POST":
        session.setdefault("begun", datetime.now(timezone.utc))


@app.template_filter()
def price(cents: int) -> str:
    return f"{cents / 100:.2f}"


@app.template_filter()
def rough(span: timedelta) -> str:
    """A time span in its largest unit, as people say it."""
    seconds = max(0, int(span.total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            number = seconds // length
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return f"{seconds} second{'s' if seconds != 1 else ''}"
