'use strict';
(() => {
// The page shows the snapshot of `GET /` and follows the changes of `GET /events`. Names, errors
// and reasons come from outside, so each text becomes a text node and never markup.

const STATES = { open: 'Open', isolated: 'Isolated', half_open: 'Half-open', closed: 'Closed' };
const RANK = Object.keys(STATES);
const REASONS = {
  failures: 'the failures reached the threshold',
  rate: 'the rate of failures reached its limit',
  slow_rate: 'the share of slow calls reached its limit',
  consecutive: 'too many calls in a row failed',
  probe_failed: 'a probe failed',
  probes_succeeded: 'the probes succeeded',
  recovery_elapsed: 'the open time was over and a call came',
  fleet: 'the other replicas decided it',
  config: 'the configuration file switched “enforce”',
};
const COMMANDS = {
  trip: ['Trip', 'The circuit opens now, and probes when the time is over.'],
  isolate: ['Isolate', 'The circuit refuses all calls while the command holds.'],
  allow: ['Allow', 'The circuit admits all calls while the command holds, whatever fails.'],
  reset: ['Reset', 'The circuit closes, and forgets its failures and any command.'],
};
const LASTING = [['', 'until another command'], ['1m', '1 minute'], ['5m', '5 minutes'], ['15m', '15 minutes'], ['1h', '1 hour'], ['8h', '8 hours']];
const ROW = 68;
const RING = 310;
const CARDS = 100;

const base = location.pathname.replace(/\/ui\/?$/, '');
const isControlled = document.documentElement.dataset.access === 'controlled';
const $ = (id) => document.getElementById(id);
const entries = Object.entries;
const address = (name) => `${base}/circuits/${encodeURIComponent(name)}`;

// ---------------------------------------------------------------- small tools

const SVG = ['svg', 'use', 'path'];

function h(tag, attributes, ...children) {
  const element = document.createElementNS(`http://www.w3.org/${SVG.includes(tag) ? '2000/svg' : '1999/xhtml'}`, tag);
  for (const [name, value] of entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else element.setAttribute(name, value);
  }
  element.append(...children.flat());
  return element;
}

const known = (state) => (STATES[state] ? state : 'closed');
const icon = (state) => h('svg', { class: `icon ${state}`, 'aria-hidden': 'true' }, h('use', { href: `#${state}` }));

function put(element, text) {
  if (element.shown !== text) element.textContent = element.shown = text;
}

const titled = (state) => STATES[state] || state;
const word = (state) => titled(state).toLowerCase();
const number = (value) => value.toLocaleString('en', { maximumFractionDigits: 2 });
const div = (name, ...children) => h('div', { class: name }, ...children);
const small = (...children) => h('p', { class: 'small' }, ...children);
const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
const words = (name) => name.replace(/_/g, ' ');
const place = (at) => `${at.file}:${at.line}`;

function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  const m = Math.floor(s / 60);
  if (m < 60) return m < 10 && s % 60 ? `${m} min ${s % 60} s` : `${m} min`;
  const hours = Math.floor(m / 60);
  if (hours < 24) return m % 60 ? `${hours} h ${m % 60} min` : `${hours} h`;
  return plural(Math.floor(hours / 24), 'day');
}

function clock(ms) {
  const at = new Date(ms);
  const isToday = at.toDateString() === new Date(now()).toDateString();
  return isToday ? at.toLocaleTimeString() : at.toLocaleString();
}

// ---------------------------------------------------------------- the model

// Lists of things with names are maps; everything else is as it came.
let model = {};
let ahead = 0;
const now = () => Date.now() + ahead;
const idOf = (thing) => `${thing.name}\n${thing.key ?? ''}`;
const byName = (value) => (Array.isArray(value) && value.every((thing) => typeof thing?.name === 'string')
  ? new Map(value.map((thing) => [idOf(thing), thing])) : value);
const list = (section) => (model[section] instanceof Map ? [...model[section].values()] : []);

let items = new Map();
let isSorted = false;
const changedTabs = new Set();

function takeSnapshot(snapshot) {
  const at = hear(snapshot.at);
  model = {};
  for (const [section, value] of entries(snapshot)) model[section] = byName(value);
  const before = items;
  items = new Map();
  for (const circuit of list('circuits')) update(idOf(circuit), circuit, at, before);
  for (const family of list('families')) update(`family ${idOf(family)}`, family, at, before);
  isSorted = false;
  touch(Object.keys(snapshot));
}

function takeChanges(changes) {
  const at = hear(changes.at);
  for (const [section, value] of entries(changes.replaced)) model[section] = byName(value);
  const prefixes = { circuits: '', families: 'family ' };
  for (const [section, things] of entries(changes.removed)) {
    for (const thing of things) {
      model[section]?.delete(idOf(thing));
      if (section in prefixes && items.delete(prefixes[section] + idOf(thing))) isSorted = false;
    }
  }
  for (const [section, things] of entries(changes.changed)) {
    for (const part of things) {
      const id = idOf(part);
      const thing = { ...model[section]?.get(id), ...part };
      model[section]?.set(id, thing);
      if (section in prefixes) update(prefixes[section] + id, thing, at, items);
    }
  }
  touch([changes.changed, changes.removed, changes.replaced].flatMap(Object.keys));
}

function hear(text) {
  const at = Date.parse(text) || Date.now();
  ahead = at - Date.now();
  return at;
}

// An item is a circuit or a name with keys, as the list shows it. It stays the same object.
function update(id, stats, at, earlier) {
  const item = earlier.get(id) || { id, name: stats.name, search: stats.name.toLowerCase() };
  const before = item.state;
  if (before) countRefused(id, stats.refused - item.stats.refused, at);
  item.stats = stats;
  item.isFamily = stats.max_keys !== undefined;
  const state = item.isFamily ? RANK.find((each) => stats[each]) : stats.state;
  item.state = known(state);
  item.since = at - stats.time_in_state * 1000;
  item.until = stats.retry_after == null ? 0 : at + stats.retry_after * 1000;
  items.set(id, item);
  if (before === item.state) return;
  isSorted = false;
  if (!before) return;
  item.isFresh = true;
  tell(`${item.name} is ${word(item.state)}`);
}

// Refused calls by second, for five minutes, and only for circuits that refused some.
const rings = new Map();

function countRefused(id, count, at) {
  if (!(count > 0)) return;
  const ring = rings.get(id) || { end: 0, counts: new Float64Array(RING) };
  rings.set(id, ring);
  ring.counts[turn(ring, at) % RING] += count;
}

function turn(ring, at) {
  const second = Math.floor(at / 1000);
  if (second - ring.end >= RING) ring.counts.fill(0);
  else for (let s = ring.end + 1; s <= second; s++) ring.counts[s % RING] = 0;
  ring.end = Math.max(ring.end, second);
  return second;
}

// The refused calls per second, the latest last, each over `step` seconds.
function refusedRates(id, seconds, step) {
  const rates = new Array(seconds / step).fill(0);
  const ring = rings.get(id);
  if (!ring) return rates;
  // Counts come once per second, so the latest two seconds may still lack some.
  const last = turn(ring, now()) - 2;
  return rates.map((_, i) => {
    let sum = 0;
    for (let s = 0; s < step; s++) sum += ring.counts[(last - (rates.length - i) * step + s + 1) % RING];
    return sum / step;
  });
}

function rateText(id) {
  const [rate] = refusedRates(id, 5, 5);
  return rate ? `${number(rate < 10 ? rate : Math.round(rate))}/s refused` : '';
}

// ---------------------------------------------------------------- what the list shows

let view = [];
let tab = 'circuits';
let active;
let selected;
// Without a choice all states are shown.
const chosenStates = new Set();
const counts = {};

function sort() {
  isSorted = true;
  const wanted = $('filter').value.trim().toLowerCase();
  for (const state of RANK) counts[state] = 0;
  for (const item of items.values()) counts[item.state]++;
  view = [...items.values()].filter((item) => (!chosenStates.size || chosenStates.has(item.state)) && item.search.includes(wanted));
  view.sort((a, b) => RANK.indexOf(a.state) - RANK.indexOf(b.state) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  view.forEach((item, index) => { item.index = index; });
}

const unwell = (numbers) => RANK.slice(0, 3).filter((state) => numbers[state]).map((state) => `${number(numbers[state])} ${word(state)}`).join(', ');

function headline() {
  const total = items.size;
  const parts = unwell(counts);
  let text = parts ? `${parts} of ${plural(total, 'circuit')}` : `All ${plural(total, 'circuit')} closed`;
  if (total < 2 && !parts) text = total ? 'The circuit is closed' : 'No circuits yet';
  put($('headline'), text);
  const bad = counts.open + counts.isolated;
  document.title = bad ? `(${bad}) Circuits` : 'Circuits';
  const { id, version } = model.process || {};
  const refused = model.config?.refused ? '. Its configuration file is refused' : '';
  put($('process'), id ? `Process ${id} on ${location.host}, resilience ${version}${refused}` : '');
}

const stateButtons = RANK.map((state) => {
  const label = h('span', {});
  const button = h('button', {
    'aria-pressed': 'false',
    click() {
      const isChosen = !chosenStates.delete(state);
      if (isChosen) chosenStates.add(state);
      button.setAttribute('aria-pressed', isChosen);
      isSorted = false;
      schedule();
    },
  }, icon(state), label);
  $('states').append(button);
  return { state, label };
});

// ---------------------------------------------------------------- the rows

const grid = h('div', { class: 'grid', role: 'grid', 'aria-label': 'Circuits, the open ones first', 'aria-readonly': 'true' });
const rows = new Map();

function makeRow(id) {
  const cell = (name, ...children) => h('div', { class: name, role: 'gridcell' }, ...children);
  const row = { mark: icon(''), name: h('p', { class: 'line name' }), word: h('span', { class: 'word' }), why: h('span', {}) };
  row.failures = h('span', { class: 'small' });
  row.meter = div('meter', h('i', {}));
  row.spark = spark();
  row.rate = h('span', { class: 'small' });
  row.until = cell('until small');
  row.element = h('div', { class: 'row', role: 'row', click: () => { active = id; select(id, false); } },
    row.mark,
    cell('what', row.name, h('p', { class: 'line' }, row.word, row.why)),
    cell('failures', row.failures, row.meter),
    cell('rate', row.spark, row.rate),
    row.until);
  return row;
}

function paintRow(row, item) {
  const { element } = row;
  const { stats, state } = item;
  if (row.state !== state) {
    element.className = `row ${state}`;
    row.state = state;
    row.mark.firstChild.setAttribute('href', `#${state}`);
  }
  if (item.isFresh) {
    item.isFresh = false;
    element.classList.remove('fresh');
    void element.offsetWidth;
    element.classList.add('fresh');
  }
  element.style.transform = `translateY(${item.index * ROW}px)`;
  element.setAttribute('aria-rowindex', item.index + 1);
  element.setAttribute('aria-selected', item.id === selected);
  element.tabIndex = item.id === active || (!active && item.index === 0) ? 0 : -1;
  put(row.name, item.name);
  put(row.word, STATES[state]);
  put(row.why, why(item));
  const isQuiet = !stats.failure_count;
  put(row.failures, isQuiet ? '' : failures(stats));
  row.meter.hidden = isQuiet || item.isFamily;
  fill(row.meter, stats);
  drawSpark(row.spark, refusedRates(item.id, 60, 3));
  put(row.rate, rateText(item.id));
  put(row.until, untilText(item));
}

function why({ stats, state, since, isFamily }) {
  if (isFamily) {
    const parts = unwell(stats);
    return parts ? `: ${parts} of ${plural(stats.keys, 'key')}` : ` for ${plural(stats.keys, 'key')}`;
  }
  let text = ` for ${span(now() - since)}`;
  if (stats.command?.reason) text += ` · ${commandText(stats.command)}`;
  else if (isUnenforced(stats)) text += ` · not enforced, would be ${word(stats.computed_state)}`;
  else if (state !== 'closed' && stats.last_error) text += ` · ${stats.last_error}`;
  return text;
}

const isUnenforced = ({ state, computed_state: computed, command }) => !command && !!computed && computed !== state;
const commandText = ({ action, by, reason }) => `${action}${by ? ` by ${by}` : ''}${reason ? `: ${reason}` : ''}`;

function failures(stats) {
  if (stats.failure_threshold != null) return `${number(stats.failure_count)} of ${plural(stats.failure_threshold, 'failure')}`;
  if (stats.failure_rate != null) return `${Math.round(stats.failure_rate * 100)} % failed`;
  return stats.failure_count === undefined ? '' : 'too few calls';
}

function fill(meter, stats) {
  const share = stats.failure_threshold ? stats.failure_count / stats.failure_threshold : stats.failure_rate || 0;
  meter.classList.toggle('full', share >= 1);
  meter.firstChild.style.transform = `scaleX(${Math.min(1, share)})`;
}

function untilText({ state, until, stats }) {
  const end = stats.command?.until;
  if (end) return `ends in ${span(Date.parse(end) - now())}`;
  if (state === 'half_open') return 'probing';
  return until && state === 'open' ? `probe in ${span(until - now())}` : '';
}

const spark = () => h('svg', { class: 'spark', viewBox: '0 0 100 30', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, h('path', {}));

function drawSpark(element, rates) {
  const top = Math.max(...rates);
  const width = 100 / rates.length;
  const bars = rates.map((rate, i) => (rate ? `M${((i + 0.5) * width).toFixed(1)} 30V${(29 - 28 * rate / top).toFixed(1)}` : ''));
  const d = bars.join('');
  if (element.drawn !== d) element.firstChild.setAttribute('d', element.drawn = d);
}

// Only the rows near the window exist, and the active one, which may have the focus.
function paintList() {
  const above = -grid.getBoundingClientRect().top;
  const first = Math.max(0, Math.floor(above / ROW) - 8);
  const shown = view.slice(first, Math.max(0, Math.ceil((above + innerHeight) / ROW) + 8));
  const kept = items.get(active);
  if (kept && view[kept.index] === kept && !shown.includes(kept)) shown[kept.index < first ? 'unshift' : 'push'](kept);
  const wanted = new Set(shown.map((item) => item.id));
  const focused = document.activeElement;
  for (const [id, row] of rows) {
    if (!wanted.has(id)) { row.element.remove(); rows.delete(id); }
  }
  shown.forEach((item, index) => {
    const row = rows.get(item.id) || makeRow(item.id);
    rows.set(item.id, row);
    if (grid.children[index] !== row.element) grid.insertBefore(row.element, grid.children[index] || null);
    paintRow(row, item);
  });
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
  grid.style.height = `${view.length * ROW}px`;
  grid.setAttribute('aria-rowcount', view.length);
}

function move(index) {
  const item = view[Math.max(0, Math.min(view.length - 1, index))];
  if (!item) return;
  active = item.id;
  const top = grid.getBoundingClientRect().top + item.index * ROW;
  if (top < 8) scrollBy(0, top - 8);
  else if (top + ROW > innerHeight - 8) scrollBy(0, top + ROW - innerHeight + 8);
  paintList();
  rows.get(active).element.focus({ preventScroll: true });
}

grid.addEventListener('keydown', (event) => {
  const at = items.get(active)?.index ?? 0;
  const page = Math.max(1, Math.floor(innerHeight / ROW) - 2);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: view.length - 1 }[event.key];
  if (to !== undefined) move(to);
  else if (event.key === 'Enter' || event.key === ' ') {
    active ||= view[0]?.id;
    select(active, true);
  } else return;
  event.preventDefault();
});

// ---------------------------------------------------------------- the other views

function flat(value, prefix, into) {
  for (const [name, part] of entries(value)) {
    if (name === 'name' || part === null || Array.isArray(part)) continue;
    const label = prefix + words(name);
    if (part.file) into.push([label, place(part)]);
    else if (typeof part === 'object') flat(part, `${label}: `, into);
    else into.push([label, typeof part === 'number' && name !== 'id' ? number(part) : String(part)]);
  }
  return into;
}

const facts = (pairs) => h('dl', { class: 'facts' }, pairs.map(([name, value]) => div('', h('dt', {}, name), h('dd', {}, value))));
const card = (title, ...children) => h('article', { class: 'card' }, h('h2', {}, title), ...children);

const trouble = ({ declared_at, stack, key, ...counts }) => flat(counts, '', []).filter(([, count]) => count !== '0');

function operationCard(operation) {
  const pairs = trouble(operation);
  const stack = operation.stack.map(({ policy }) => words(policy)).join(' › ');
  return card(operation.name,
    small(h('span', { class: 'mono' }, place(operation.declared_at)), ` · ${stack}`),
    pairs.length ? facts(pairs) : small('Nothing went wrong yet.'),
    table(operation.stack.flatMap(({ settings }) => settings).filter(({ policy, source }) => policy !== 'circuit_breaker' && source.kind !== 'default')
      .map((each) => ({ ...each, setting: `${each.policy} ${each.setting}` }))));
}

const LISTS = { budgets: 'retry budget', bulkheads: 'bulkhead', limits: 'rate limit' };
const OWN = ['at', 'schema', 'process', 'circuits', 'families', 'operations', ...Object.keys(LISTS)];

// The settings of a limiter are in the stack of an operation that uses it.
const settingsOf = ({ name }, noun) => list('operations').flatMap(({ stack }) => stack).find(({ policy, settings }) =>
  words(policy) === noun && settings.some(({ setting, value }) => setting === 'name' && value === name))?.settings || [];

const VIEWS = {
  circuits: { title: 'Circuits', count: () => items.size },
  operations: {
    title: 'Operations', sections: ['operations'],
    count: () => list('operations').length,
    cards: () => list('operations').map((operation) => [operation.name, () => operationCard(operation), trouble(operation).length])
      .sort((a, b) => b[2] - a[2]),
  },
  limits: {
    title: 'Limits', sections: [...Object.keys(LISTS), 'operations'],
    count: () => Object.keys(LISTS).reduce((sum, section) => sum + list(section).length, 0),
    cards: () => entries(LISTS).flatMap(([section, noun]) => list(section)
      .map((thing) => [thing.name, () => card(thing.name, small(noun), facts(flat({ ...thing, fleet: null }, '', [])),
        ...fleetOf(thing), table(settingsOf(thing, noun)))])),
  },
  process: {
    title: 'Process', sections: ['process', 'workers', 'config'],
    cards: () => ['process', ...Object.keys(model).filter((section) => !OWN.includes(section))].map((section) => {
      const value = model[section] || {};
      const things = value instanceof Map ? [...value.values()] : Array.isArray(value) ? value : [value];
      const pairs = things.slice(0, CARDS).map((thing) => flat(Object(thing), '', [])).filter((all) => all.length);
      return [section, () => card(words(section), pairs.length ? pairs.map(facts) : small('none'))];
    }),
  },
};

function touch(sections) {
  for (const [name, { sections: used = [] }] of entries(VIEWS)) {
    if (used.some((section) => sections.includes(section))) changedTabs.add(name);
  }
  schedule();
}

function paintCards() {
  const wanted = $('filter').value.trim().toLowerCase();
  const all = VIEWS[tab].cards().filter(([name]) => name.toLowerCase().includes(wanted));
  const cards = all.slice(0, CARDS).map(([, make]) => make());
  if (all.length > CARDS) cards.push(h('p', { class: 'muted' }, `${number(all.length - CARDS)} more. The filter finds them.`));
  $('panel').replaceChildren(cards.length ? h('div', { class: `cards ${tab === 'process' ? 'plain' : ''}` }, cards) : empty());
}

function empty() {
  const isFiltered = $('filter').value || (tab === 'circuits' && items.size);
  const text = isFiltered ? 'Nothing matches the filter.' : 'Each is listed from the first call of a function that uses it.';
  return div('grid empty', h('p', {}, text));
}

const tabButtons = entries(VIEWS).map(([name, { title, count }]) => {
  const label = h('span', {});
  const button = h('button', { role: 'tab', id: `tab-${name}`, 'aria-controls': 'panel', click: () => show(name) }, label);
  $('tabs').append(button);
  return { name, title, count, label, button };
});

$('tabs').addEventListener('keydown', (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const at = tabButtons.findIndex(({ name }) => name === tab) + step;
  const next = tabButtons[(at + tabButtons.length) % tabButtons.length];
  show(next.name);
  next.button.focus();
});

function show(name) {
  tab = name;
  changedTabs.add(name);
  scrollTo(0, 0);
  if (name !== 'circuits') close(false);
  paint();
}

// ---------------------------------------------------------------- one circuit

let detail;

function select(id, takeFocus) {
  const item = items.get(id);
  if (!item) return;
  selected = id;
  history.replaceState(null, '', `#${encodeURIComponent(item.name)}`);
  if (detail?.id !== id) openDetail(item);
  if (takeFocus || innerWidth < 1080) detail.title.focus({ preventScroll: true });
  paint();
}

function close(giveFocus) {
  if (!selected) return;
  selected = detail = undefined;
  history.replaceState(null, '', location.pathname + location.search);
  $('detail').hidden = true;
  $('detail').replaceChildren();
  paint();
  if (giveFocus) (rows.get(active)?.element || $('filter')).focus({ preventScroll: true });
}

function openDetail(item) {
  const part = (tag, name) => h(tag, { class: name });
  const d = {
    id: item.id, name: item.name, mark: icon(''),
    title: h('h2', { id: 'title', tabindex: '-1' }, item.name),
    state: part('span', 'word'), since: part('span', ''), reason: part('p', 'muted'),
    command: part('p', 'note isolated'), error: part('p', 'note open mono'),
    failures: part('span', ''), meter: div('meter', h('i', {})), rate: part('span', ''), spark: spark(),
    fleet: part('div', ''), counts: part('div', ''), rest: part('div', ''), more: {},
  };
  d.window = div('', h('h3', {}, 'Failures within the window'), d.failures, d.meter);
  d.head = div('', d.mark, div('', d.title, h('p', {}, d.state, d.since)),
    h('button', { class: 'close', 'aria-label': 'Close', click: () => close(true) }, '×'));
  detail = d;
  $('detail').replaceChildren(
    d.head, d.reason, d.command, d.error,
    isControlled ? commands(d) : '',
    d.window, d.fleet,
    div('big', h('h3', { class: 'pair' }, 'Refused calls, last 5 minutes', d.rate), d.spark),
    h('h3', {}, 'Calls since the start'), d.counts, d.rest);
  $('detail').hidden = false;
  $('detail').scrollTop = 0;
  load(d);
}

// The history, the settings and the operations are no part of the stream.
async function load(d) {
  d.loadedAt = Date.now();
  d.loadedFor = stamp(items.get(d.id)?.stats);
  // Browsers shorten a path with one of these names, so it leads elsewhere.
  if (['', '.', '..'].includes(d.name)) return;
  try {
    const answer = await fetch(address(d.name));
    if (answer.ok) takeMore(d, await answer.json());
  } catch { /* The list goes on without it. */ }
}

const stamp = (stats) => JSON.stringify(['state', 'opened', 'half_opened', 'closed', 'open', 'isolated', 'command'].map((name) => stats?.[name]));

function takeMore(d, more) {
  const text = JSON.stringify([more.history, more.settings, more.operations, more.circuits?.map(({ key, state }) => [key, state])]);
  if (d !== detail || d.text === text) return;
  d.text = text;
  d.more = more;
  const { history = [], settings = [], operations = [], circuits = [] } = more;
  d.rest.replaceChildren(
    ...section('Keys that are the worst off', h('ul', { class: 'items' }, circuits.map(keyLine)), circuits),
    ...section('Operations behind it', h('ul', { class: 'items' }, operations.map((operation) =>
      h('li', {}, div('', operation.name), div('muted mono', place(operation.declared_at))))), operations),
    ...section('Settings', table(settings), settings),
    h('h3', {}, 'History'),
    history.length ? h('ol', { class: 'items' }, [...history].reverse().map(pastLine)) : small('The state has not changed yet.'));
  paint();
}

const table = (settings) => h('table', {}, settings.map(({ setting, value, source }) =>
  h('tr', {}, h('th', { scope: 'row' }, words(setting)), h('td', {}, h('span', { class: 'mono' }, value), sourceOf(source)))));
const section = (title, content, things) => (things.length ? [h('h3', {}, title), content] : []);
const keyLine = (circuit) => h('li', {}, icon(known(circuit.state)), `${circuit.key} · ${titled(circuit.state)} · ${plural(circuit.failures, 'failure')}`);

// A circuit has probers and an open time, a rate limit has a batch.
function fleetOf({ fleet }) {
  if (!fleet) return [];
  const { name, probers, open_until: until, ...rest } = fleet;
  const more = probers ? { probers: `${probers}`, open_until: until && clock(Date.parse(until)) } : {};
  return section(`Fleet ${name}`, facts(flat({ ...rest, ...more }, '', [])), [1]);
}

const sourceOf = ({ kind, path, file, line }) => (path || file
  ? div('muted mono', `${kind === 'config' ? 'config, ' : ''}${path || file}:${line}`)
  : h('span', { class: 'muted' }, ` ${words(kind)}`));

function pastLine(past) {
  const { at, key, to, reason, last_error, command } = past;
  const cause = reason === 'command' ? (command ? commandText(command) : 'a command') : REASONS[reason] || words(reason);
  return h('li', {},
    icon(known(to)), h('b', {}, titled(to)), key ? ` ${key}` : '', h('span', { class: 'muted' }, ` · ${clock(Date.parse(at))}`),
    div('muted', cause),
    last_error && to === 'open' ? div('mono muted', last_error) : '');
}

function paintDetail() {
  const item = items.get(selected);
  if (!item) return close(true);
  const d = detail;
  const { stats, state } = item;
  d.head.className = `head ${state}`;
  d.mark.firstChild.setAttribute('href', `#${state}`);
  put(d.state, STATES[state]);
  put(d.since, item.isFamily ? why(item) : ` since ${clock(item.since)}, for ${span(now() - item.since)}`);
  const past = d.more.history?.at(-1);
  let reason = past && past.to === state && REASONS[past.reason] ? `because ${REASONS[past.reason]}` : '';
  if (item.until && state === 'open') reason += `${reason ? '. ' : ''}Probes from ${clock(item.until)}, in ${span(item.until - now())}`;
  if (state === 'half_open') reason += `${reason ? '. ' : ''}A few calls probe`;
  put(d.reason, reason && `${reason[0].toUpperCase()}${reason.slice(1)}.`);
  const { command, computed_state: computed, would_refuse: would } = stats;
  let held = command ? `${commandText(command)}${command.until ? `, until ${clock(Date.parse(command.until))}` : ''}.` : '';
  if (computed && computed !== state) held += `${held ? ' ' : ''}By itself the circuit would be ${word(computed)}.`;
  if (would && (command || isUnenforced(stats))) held += ` It would have refused ${plural(would, 'call')} so far.`;
  put(d.command, held);
  d.command.hidden = !held;
  put(d.error, stats.last_error || '');
  d.error.hidden = !stats.last_error || state === 'closed';
  d.window.hidden = item.isFamily;
  d.fleet.replaceChildren(...fleetOf(stats));
  put(d.failures, failures(stats));
  fill(d.meter, stats);
  drawSpark(d.spark, refusedRates(item.id, 300, 5));
  put(d.rate, rateText(item.id) || 'none now');
  const pairs = ['successes', 'failures', 'ignored', 'refused', 'would_refuse', 'abandoned', 'late', 'opened'].filter((name) => name in stats && (stats[name] || name !== 'would_refuse')).map((name) => [words(name), number(stats[name])]);
  d.counts.replaceChildren(facts(pairs));
  if (stamp(stats) !== d.loadedFor || Date.now() - d.loadedAt > 15000) load(d);
}

// ---------------------------------------------------------------- commands

function commands(d) {
  const buttons = entries(COMMANDS).map(([kind, [title]]) =>
    [kind, h('button', { 'aria-expanded': 'false', click: () => toggle(kind) }, title)]);
  const box = div('', h('div', { class: 'commands', role: 'group', 'aria-label': 'Commands' }, buttons.map(([, button]) => button)));
  let form;
  function toggle(kind) {
    const isOpen = form?.kind === kind;
    form?.element.remove();
    form = isOpen || !kind ? undefined : commandForm(d, kind, () => toggle());
    for (const [each, button] of buttons) button.setAttribute('aria-expanded', form?.kind === each);
    if (!form) return;
    box.append(form.element);
    form.reason.focus();
  }
  return box;
}

function commandForm(d, kind, done) {
  const [title, text] = COMMANDS[kind];
  const reason = h('input', { name: 'reason', required: '', maxlength: '500', autocomplete: 'off' });
  const lasting = h('select', { name: 'for' }, LASTING.map(([value, label]) => h('option', { value }, value ? label : kind === 'trip' ? 'the recovery timeout' : label)));
  const problem = h('p', { class: 'problem', role: 'alert' });
  const send = h('button', { class: 'primary' }, title);
  async function submit(event) {
    event.preventDefault();
    send.disabled = true;
    put(problem, '');
    const order = { reason: reason.value };
    if (lasting.value && kind !== 'reset') order.for = lasting.value;
    try {
      const answer = await fetch(`${address(d.name)}/${kind}`, {
        method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(order),
      });
      const body = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Error(body.error || `The service answers ${answer.status}.`);
      tell(`${title}: done`);
      takeMore(d, body);
      done();
    } catch (error) {
      put(problem, error.message);
    }
    send.disabled = false;
  }
  const element = h('form', { submit, keydown: (event) => { if (event.key === 'Escape') { event.stopPropagation(); done(); } } },
    small(text, items.get(d.id)?.stats.fleet ? ' All replicas of its fleet obey.' : ''),
    h('label', {}, 'Reason', reason),
    kind === 'reset' ? '' : h('label', {}, 'For', lasting),
    problem, send);
  return { kind, element, reason };
}

// ---------------------------------------------------------------- painting

let isScheduled = false;

function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => { isScheduled = false; paint(); });
}

function paint() {
  if (!isSorted) sort();
  headline();
  for (const { state, label } of stateButtons) put(label, `${STATES[state]} ${number(counts[state])}`);
  for (const { name, title, count, label, button } of tabButtons) {
    put(label, count?.() ? `${title} ${number(count())}` : title);
    button.setAttribute('aria-selected', name === tab);
    button.tabIndex = name === tab ? 0 : -1;
  }
  $('panel').setAttribute('aria-labelledby', `tab-${tab}`);
  $('states').hidden = tab !== 'circuits';
  if (tab !== 'circuits') {
    if (changedTabs.delete(tab)) paintCards();
  } else if (view.length) {
    if ($('panel').firstChild !== grid) $('panel').replaceChildren(grid);
    paintList();
  } else if (model.at) $('panel').replaceChildren(empty());
  if (selected) paintDetail();
  document.querySelector('main').classList.toggle('split', !!selected);
  document.body.classList.toggle('over', !!selected);
  const isCovered = !!selected && innerWidth < 1080;
  for (const part of document.querySelectorAll('header, .list')) part.inert = isCovered;
}

let untold = [];

function tell(text) {
  untold.push(text);
  if (untold.length > 1) return;
  setTimeout(() => {
    put($('news'), untold.length > 3 ? `${untold.length} circuits changed` : untold.join('. '));
    untold = [];
  }, 500);
}

$('filter').addEventListener('input', () => { isSorted = false; changedTabs.add(tab); schedule(); });
addEventListener('scroll', schedule, { passive: true });
addEventListener('resize', schedule);
addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && selected) close(true);
  if (event.key !== '/' || /INPUT|SELECT/.test(event.target.tagName)) return;
  event.preventDefault();
  $('filter').focus();
});
setInterval(() => { if (!document.hidden) schedule(); }, 1000);

// ---------------------------------------------------------------- the connection

function link(kind, text) {
  $('link').className = `link ${kind}`;
  put($('link'), text);
}

// An address with a name leads to its circuit.
let linked = location.hash.slice(1);

function arrive(take, data) {
  take(data);
  const item = linked && [...items.values()].find(({ name }) => encodeURIComponent(name) === linked);
  linked = '';
  if (item) select(active = item.id, false);
}

// A proxy may cut events, or keep them. Then the page asks instead, and tries the events again
// after a minute.
function follow() {
  let heard = Date.now();
  let patience = 5000;
  const source = new EventSource(`${base}/events`);
  const on = (name, take) => source.addEventListener(name, (event) => {
    heard = Date.now();
    patience = 40000;
    link('live', 'Live');
    if (take) arrive(take, JSON.parse(event.data));
  });
  on('snapshot', takeSnapshot);
  on('changes', takeChanges);
  on('heartbeat');
  const instead = () => { clearInterval(watch); source.close(); poll(Date.now() + 60000); };
  const watch = setInterval(() => { if (Date.now() - heard > patience) instead(); }, 1000);
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) instead();
    else link('lost', 'Connecting again');
  };
}

async function poll(end) {
  const began = Date.now();
  try {
    const answer = await fetch(base || '/');
    if (!answer.ok) throw new Error(answer.status);
    arrive(takeSnapshot, await answer.json());
    link('', 'Every 2 seconds');
  } catch {
    link('lost', 'No connection');
  }
  if (Date.now() > end) return follow();
  setTimeout(() => poll(end), Math.max(2000, 10 * (Date.now() - began)));
}

follow();
})();
