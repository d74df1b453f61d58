"""The Flask half of a shop that moves to Rust route by route: pages, log-in, log-out.

Its other half, /api, is examples/axum_app. Both read the same environment variables and keep the same
sessions. Run both with `make demo-shared`.
"""

from flask import Flask, flash, redirect, render_template_string, request, session, url_for
from flask_login import LoginManager, UserMixin, login_required, login_user, logout_user
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response

from flask_session import Session

PAGE = """<!doctype html>
<title>Shared sessions</title>
<meta name="csrf-token" content="{{ csrf_token() }}">
{% for message in get_flashed_messages() %}<p>{{ message }}</p>{% endfor %}
{% if current_user.is_authenticated %}
<p>You are {{ current_user.id }}. Your cart, kept by Flask and changed by Rust:</p>
<ul>
  {% for line in session.get("cart", []) %}<li>{{ line.quantity }} x {{ line.product }}</li>{% endfor %}
</ul>
<button id="add">Add a pencil (axum)</button>
<form action="{{ url_for('log_out') }}" method="post">
  <input type="hidden" name="csrf_token" value="{{ csrf_token() }}"><button>Log out (Flask)</button>
</form>
<script>
  add.onclick = async () => {
    const token = document.querySelector("meta[name=csrf-token]").content
    await fetch("/api/cart/pencil", { method: "POST", headers: { "X-CSRFToken": token } })
    location.reload()
  }
</script>
{% else %}
<form action="{{ url_for('log_in') }}" method="post">
  <input type="hidden" name="csrf_token" value="{{ csrf_token() }}">
  <label>Name <input name="name" required></label> <button>Log in (Flask)</button>
</form>
{% endif %}
"""

app = Flask(__name__)
# FLASK_SECRET_KEY, FLASK_SESSION_URL and so on; the axum half reads them, too.
app.config.from_prefixed_env()
Session(app)
CSRFProtect(app)
members = LoginManager(app)


class Member(UserMixin):
    def __init__(self, name: str) -> None:
        self.id = name


@members.user_loader
def load(name: str) -> Member:
    return Member(name)


@app.get("/")
def page() -> str:
    return render_template_string(PAGE)


@app.post("/login")
def log_in() -> Response:
    # A new id for the same session: whoever knew the id from before the login doesn't become logged in.
    app.session_interface.regenerate(session)
    login_user(Member(request.form["name"]))
    flash("Welcome.")
    return redirect(url_for("page"))


@app.post("/logout")
@login_required
def log_out() -> Response:
    logout_user()
    session.pop("cart", None)
    return redirect(url_for("page"))
