'use strict';
// The page works without this script, but for what changes while one looks: that is
// told by /events, and put into the page as text, never as markup.

const body = document.body;
const one = (selector, root = document) => root.querySelector(selector);
const copy = id => document.getElementById(id).content.cloneNode(true).querySelector('li');

function begin() {
	const zone = one('#zone');
	if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
	if (body.classList.contains('chat')) chat();
}

function chat() {
	const open = body.dataset.with;
	const list = one('#contacts'), lines = one('#lines'), link = one('#link');
	const title = document.title;
	const find = address => [...list.children].find(li => li.dataset.address === address);

	function set(root, view) {
		for (const name of ['title', 'presence', 'status', 'why']) {
			const element = one('.' + name, root), text = view[name] ?? '';
			if (element && element.textContent !== text) element.textContent = text;
		}
		const avatar = one('.avatar', root);
		avatar.textContent = view.initial;
		avatar.className = 'avatar color' + view.color;
	}

	function contact(view) {
		let li = find(view.address);
		if (!li) {
			li = copy('contact');
			li.dataset.address = view.address;
			one('a', li).href = '/?' + new URLSearchParams({with: view.address});
		}
		li.className = 'contact ' + view.state;
		set(li, view);
		mark(li, view.unread ?? 0);
		const before = view.after ? find(view.after)?.nextElementSibling ?? null : list.firstElementChild;
		if (li !== before && (!li.isConnected || li.nextElementSibling !== before)) {
			const focused = li.contains(document.activeElement);
			list.insertBefore(li, before);
			if (focused) one('a', li).focus();
		}
		if (view.address === open) {
			const head = one('#head');
			head.className = 'head ' + view.state;
			set(head, view);
			one('.asking', head).hidden = !view.asking;
			one('a', li).setAttribute('aria-current', 'page');
		}
	}

	function mark(li, unread) {
		const badge = one('.unread', li);
		badge.textContent = unread || '';
		badge.hidden = !unread;
		if (unread) badge.setAttribute('aria-label', unread + ' ' + body.dataset.unread);
	}

	function count() {
		let n = 0;
		for (const badge of list.querySelectorAll('.unread:not([hidden])')) n += Number(badge.textContent) || 0;
		document.title = (n ? '(' + n + ') ' : '') + title;
	}

	function line(view) {
		const id = 'line' + view.number;
		let li = document.getElementById(id);
		if (!li) {
			li = copy('line');
			li.id = id;
			lines.append(li);
		}
		li.className = 'line' + (view.own ? ' own' : '') + (view.sending ? ' sending' : '');
		one('.text', li).textContent = view.text;
		one('time', li).textContent = view.at;
		one('time', li).dateTime = view.stamp;
		one('.failed', li).textContent = view.failed ?? '';
	}

	function told(update) {
		for (const address of update.gone ?? []) find(address)?.remove();
		for (const view of update.contacts ?? []) contact(view);
		count();
		if (lines && update.lines) {
			const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 60;
			for (const view of update.lines) line(view);
			while (lines.children.length > 300) lines.firstElementChild.remove();
			if (atEnd) lines.scrollTop = lines.scrollHeight;
		}
		if (update.link) state(update.link.up, update.link.text);
	}

	function state(up, text) {
		link.className = up ? 'up' : 'down';
		link.textContent = text;
	}

	function listen() {
		const events = new EventSource('/events?' + new URLSearchParams({with: open, clock: body.dataset.clock}));
		let said = link.textContent, up = link.classList.contains('up');
		events.onmessage = e => {
			told(JSON.parse(e.data));
			said = link.textContent;
			up = link.classList.contains('up');
		};
		events.onopen = () => state(up, said);
		events.onerror = () => {
			if (events.readyState === EventSource.CLOSED) location.assign('/'); // logged out
			else state(false, body.dataset.lost);
		};
		events.addEventListener('end', () => { events.close(); location.assign('/'); });
		addEventListener('pagehide', () => events.close());
		addEventListener('pageshow', e => { if (e.persisted) location.reload(); });
	}

	for (const li of list.children) if (li.dataset.address === open) one('a', li).setAttribute('aria-current', 'page');
	count();
	if (lines) lines.scrollTop = lines.scrollHeight;
	listen();
	keys(list);
	if (one('#say')) say(state);
}

// keys moves among the contacts with the arrows, and back to them with Escape.
function keys(list) {
	document.addEventListener('keydown', e => {
		if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
		if (e.key === 'Escape') return body.classList.contains('open') && location.assign('/');
		const li = document.activeElement?.closest('#contacts > li');
		if (!li && !(document.activeElement === body || document.activeElement === list)) return;
		const to = {
			ArrowDown: li ? li.nextElementSibling : list.firstElementChild,
			ArrowUp: li?.previousElementSibling,
			Home: list.firstElementChild,
			End: list.lastElementChild,
		}[e.key];
		if (!to) return;
		e.preventDefault();
		one('a', to).focus();
	});
}

// say sends messages without loading the page again. Enter sends, with Shift it
// begins a line.
function say(state) {
	const form = one('#say'), text = one('#text');
	form.addEventListener('submit', async e => {
		e.preventDefault();
		const data = new URLSearchParams(new FormData(form)), was = text.value;
		if (!was.trim()) return;
		text.value = '';
		const failed = () => { text.value = was + text.value; state(false, body.dataset.lost); };
		try {
			const answer = await fetch('/send', {method: 'POST', body: data, headers: {Accept: 'application/json'}});
			if (answer.status === 401) location.assign('/');
			else if (!answer.ok) failed();
		} catch { failed(); }
	});
	text.addEventListener('keydown', e => {
		if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) {
			e.preventDefault();
			form.requestSubmit();
		}
	});
}

begin();
