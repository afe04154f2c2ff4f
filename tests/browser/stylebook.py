"""Every part of the desk on one page, with made-up data: what the parts look like is looked at here."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from abonent.kernel.actor import Actor
from abonent.web.access import PUBLIC, PageRoute
from abonent.web.render import _context, desk_of

_PAGE = """
{% extends "desk.html" %}
{% block title %}Орлова Ирина Олеговна{% endblock %}
{% block main %}
<section class="card hero" aria-labelledby="who">
  <div class="top">
    <div>
      <h1 id="who">Орлова Ирина Олеговна</h1>
      <p class="soft mt-1">Договор 20417 · л/с <span class="figure">020417</span> · ул. Мира, 8, кв. 77, подъезд 2, этаж 5</p>
      <div class="row-line">{{ ui.state("Обслуживается", "good") }} {{ ui.state("Акция до 01.12: цена вырастет на 38 %", "warn") }} {{ ui.state("2 заявки за 30 дней", "warn") }} {{ ui.state("Приостановлен 31 день", "bad") }} {{ ui.state("план") }}</div>
    </div>
    <div class="sum">
      {{ ui.money(23484, currency=true) }}
      <p class="soft">денег хватит до <span class="strong">{{ day | long_day }}</span>; 1 декабря нужно 560,00 ₽</p>
    </div>
  </div>
  <div class="actions">
    {{ ui.action("Принять оплату", "/stylebook/dialog", "cash", "KeyO", "O", primary=true, dialog=true) }}
    {{ ui.action("Обещанный платёж", "#p", "hourglass", "KeyP", "P") }}
    {{ ui.action("Тариф", "#t", "arrows-exchange", "KeyT", "T") }}
    {{ ui.action("Заморозка", "#z", "snowflake", "KeyZ", "Z") }}
    {{ ui.action("Перерасчёт", "#r", "receipt-refund", "KeyR", "R") }}
  </div>
</section>
<nav class="tabs" aria-label="Карточка"><a class="tab" href="#1" aria-current="page">Обзор</a><a class="tab" href="#2">Деньги</a><a class="tab" href="#3">Услуги</a><a class="tab" href="#4">Документы</a><a class="tab" href="#5">История</a></nav>
{{ ui.notice("good", "Оплата принята", "560,00 ₽, баланс 234,84 ₽.") }}
{{ ui.notice("warn", "Первый платёж по акции") }}
<div class="columns">
  <div>
    <section class="card">
      <header><h2>Услуги</h2><span class="soft">560,00 ₽ в месяц, расчётный день 1-е</span></header>
      {% call ui.table("Услуги", stacks=true) %}
        <thead><tr><th scope="col">Услуга</th><th scope="col">Тариф</th><th scope="col">Состояние</th><th scope="col">Оплачено по</th><th scope="col" class="num">В месяц</th></tr></thead>
        <tbody>
        {% for name, tariff, state, tone, fee in services %}
          <tr><th scope="row">{{ name }}</th><td data-label="Тариф">{{ tariff }}</td><td data-label="Состояние">{{ ui.state(state, tone) }}</td><td data-label="Оплачено по"><time>{{ day | day }}</time></td><td class="num" data-label="В месяц">{{ fee | money(currency=false) }}</td></tr>
        {% endfor %}
        </tbody>
      {% endcall %}
    </section>
    <section class="card">
      <header><h2>Деньги</h2><a class="strong" href="#all">Все проводки</a></header>
      {% call ui.table("Деньги") %}
        <thead><tr>{{ ui.sorted_heading("Дата", "#", "descending") }}<th scope="col">Что</th><th scope="col" class="num">Сумма</th><th scope="col" class="num">Баланс</th></tr></thead>
        <tbody>
          <tr><td><time>{{ day | short_day }}</time></td><td><details class="opens" open><summary>{{ ui.icon("chevron-right") }}Интернет, 14–30 ноября</summary><div class="why-box"><span class="figure">460,00 ₽ × (30/30 − 13/30) = <b>260,67 ₽</b></span><br><span class="soft">Тариф «Оптима 100», версия 3 от 01.09.2026; 17 дней из 30. Округление: до копейки, с накоплением по дням.</span></div></details></td><td class="num">{{ ui.money(-26067, "flow") }}</td><td class="num">{{ ui.money(23484) }}</td></tr>
          <tr><td><time>{{ day | short_day }}</time></td><td><details class="opens"><summary>{{ ui.icon("chevron-right") }}Оплата, касса «Мира», Петрова</summary></details></td><td class="num">{{ ui.money(56000, "flow") }}</td><td class="num">{{ ui.money(49551) }}</td></tr>
          <tr><td><time>{{ day | short_day }}</time></td><td><details class="opens"><summary>{{ ui.icon("chevron-right") }}Возврат за 6–30 ноября: обещанный платёж не исполнен</summary></details></td><td class="num">{{ ui.money(46667, "flow") }}</td><td class="num">{{ ui.money(-6449, "debt") }}</td></tr>
        </tbody>
        <tfoot><tr><th scope="row" colspan="2">Итого</th><td class="num">{{ ui.money(76600, "flow") }}</td><td></td></tr></tfoot>
      {% endcall %}
    </section>
    <section class="card"><header><h2>Документы</h2></header>{% call ui.empty("Документов пока нет", "Первый появится, когда вы напечатаете договор.", "file-text") %}<a class="btn" href="#d">{{ ui.icon("printer") }}Напечатать договор</a>{% endcall %}</section>
  </div>
  <div>
    <section class="card"><header><h2>Сейчас важно</h2></header><div class="body"><ul class="lines"><li><span class="strong">Позвонить до 18:00.</span> Риск ухода 72: трафик −64 %, две заявки, акция кончается. <a href="#s">Открыть сценарий</a></li><li><span class="strong">Заявка 1182.</span> Обрывы вечером. Мастер завтра, 10–12, Сидоров.</li></ul></div></section>
    <section class="card"><header><h2>Контакты</h2><a class="strong" href="#edit">Изменить</a></header><div class="body"><dl class="facts"><dt>Телефон</dt><dd><span class="figure">+7 916 ••• ••-42</span> {{ ui.state("подтверждён", "good") }}</dd><dt>Почта</dt><dd>i•••@mail.example</dd></dl></div></section>
    <section class="card"><header><h2>Форма</h2></header><div class="body">
      {{ form.summary("style", {"sum": "Сумма — число больше нуля."}) }}
      {{ form.amount("style", "sum", "Сумма", "5x0", errors={"sum": "Сумма — число больше нуля."}, hint="Рубли, копейки через запятую") }}
      {{ form.choose("style", "from", "Источник", [("cash", "Касса"), ("card", "Карта")], "card") }}
      {{ form.area("style", "note", "Запись") }}
      {{ form.tick("style", "receipt", "Напечатать чек", true) }}
      <progress max="100" value="62" aria-label="Закрытие дня"></progress>
    </div></section>
  </div>
</div>
<div class="tiles"><a class="tile" href="#debt"><span class="label">{{ ui.icon("coins") }}Нарушенные обещания{{ ui.key(1) }}</span><span class="value">318</span><span class="soft">сегодня 46</span></a><a class="tile" href="#q"><span class="label">{{ ui.icon("inbox") }}Очередь{{ ui.key(2) }}</span><span class="value">4</span><span class="soft">дольше всех ждут 12 мин.</span></a></div>
{% endblock %}
"""

_DIALOG = """
<dialog aria-labelledby="pay-title">
  <form method="post" action="/stylebook">
    <header><h2 id="pay-title">Принять оплату</h2><button class="close" type="button" data-close>{{ ui.icon("x") }}<span class="quiet">Закрыть</span></button></header>
    <div class="body">
      {{ form.amount("pay", "amount", "Сумма", "560,00", hint="До 30 ноября хватает; на декабрь нужно 325,16 ₽", attributes={"autofocus": true}) }}
      <dl class="outcome"><dt>Баланс сейчас</dt><dd>{{ 23484 | money }}</dd><dt>Оплата</dt><dd>{{ 56000 | money(sign=true) }}</dd><dt class="total">Станет</dt><dd class="total">{{ 79484 | money }}</dd></dl>
    </div>
    <footer><button class="btn btn-primary" type="submit">Принять {{ ui.key("Ctrl Enter", single=false) }}</button><button class="btn" type="button" data-close>Отмена {{ ui.key("Esc", single=false) }}</button></footer>
  </form>
</dialog>
"""

_SERVICES = (
    ("Интернет", "Оптима 100", "работает", "good", 46000),
    ("Телевидение", "Базовый 120 каналов", "приостановлена", "bad", 7000),
    ("Роутер", "Аренда, SN 48A1-0922", "у абонента", "info", 3000),
)


def _render(request: Request, text: str) -> Response:
    context: dict[str, Any] = {"day": date(2026, 11, 30), "services": _SERVICES}
    template = desk_of(request).environment.from_string(text)
    return HTMLResponse(template.render(_context(request, context)))


async def _stylebook(request: Request) -> Response:
    return _render(request, _PAGE)


async def _dialog(request: Request) -> Response:
    return _render(request, _DIALOG)


async def _failure(request: Request) -> Response:
    """A fault of the program's own, to see what people are told."""
    raise ZeroDivisionError


async def _forbidden(request: Request) -> Response:
    nobody = Actor("user", "0", "nobody", frozenset())
    nobody.require("billing.report.view")
    return Response()


ROUTES = (
    PageRoute("/stylebook/failure", _failure, right=PUBLIC),
    PageRoute("/stylebook/forbidden", _forbidden, right=PUBLIC),
    PageRoute("/stylebook", _stylebook, right=PUBLIC),
    PageRoute("/stylebook/dialog", _dialog, right=PUBLIC),
)
