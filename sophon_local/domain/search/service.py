"""Search: the query path, and the worker that gives every item its vector in the background."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterable

from ...db import Database, Tx
from ...db import search as store
from ...db.search import Embedding, Hit, Item, Pending, SearchIndex
from ...kit.errors import RateLimited, ServiceUnavailable, SophonError, UpstreamUnavailable
from ...kit.events import Events, Recorded
from ...providers.base import Embedder
from .model import SearchStatus, SearchUpdated

log = logging.getLogger(__name__)

MAX_LIMIT = 200
MAX_QUERY = 8_000  # characters; the rest of a longer one is not looked at
BATCH = 16  # texts given to the embedder at once
AT_ONCE = 2  # such calls, so that the embedder always has the next one at hand
WINDOW = 64  # items read, sorted by length and committed together
CLEARED = 1_000  # retired vectors deleted in one transaction
QUERY_TIMEOUT_S = 5.0  # an embedder that takes longer (it may be loading) leaves this query to the words
REMEMBERED_QUERIES = 64
RETRY_S = (5.0, 10.0, 30.0, 60.0)  # between attempts while the embedder does not answer
POLL_S = 30.0  # between looks whether there is an embedder

_NO_MODEL = "There is no embedding model yet: search goes by words, and by meaning too once the model is installed."


class _Unusable(Exception):
    """The embedder does not work at the moment, whatever it is given."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Search:
    """``put`` and ``remove`` in the owner's transaction, ``wake`` after its commit, ``search`` at any time.

    What is put is found by its words once it is committed, and by its meaning once the worker (``start``) has embedded it. Without an
    embedding model, or while it fails, words do alone, and vectors catch up by themselves. When ``embedder`` gives another model than before,
    its vectors are made in the background, the old ones being searched meanwhile, and take over when all are there.
    """

    def __init__(self, db: Database, events: Events, embedder: Callable[[], Awaitable[Embedder | None]]) -> None:
        self._db = db
        self._events = events
        self._embedder = embedder
        self._index = SearchIndex()
        self._embeddings: list[Embedding] | None = None  # as the database has them
        self._held: dict[str, Embedder] = {}  # by id: the present one, and the one before it while its vectors are searched
        self._queries: OrderedDict[tuple[int, str], bytes] = OrderedDict()
        self._embedding_now: set[asyncio.Task[list[bytes]]] = set()
        self._wanted = asyncio.Event()
        self._progress = asyncio.Event()  # replaced at each step, so that a waiter sees the next one
        self._is_idle = False  # the worker can do nothing at the moment: all is done, or there is no embedder
        self._is_failing = False  # there is one, but it does not work
        self._problem: str | None = None
        self._waited: Counter[tuple[str, str]] = Counter()
        self._worker: asyncio.Task[None] | None = None
        self._stop_listening: Callable[[], None] | None = None

    async def start(self) -> None:
        """Begin to embed what waits."""
        await self._db.write(store.trim)
        self._stop_listening = self._events.listen(self._heard)
        self._worker = asyncio.create_task(self._work(), name="search-embedding")

    async def close(self) -> None:
        """Stop embedding; what was not embedded waits for the next start."""
        if self._stop_listening is not None:
            self._stop_listening()
        tasks = [*self._embedding_now, *([self._worker] if self._worker else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._worker = None
        self._step()

    def put(self, tx: Tx, collection: str, items: Iterable[Item]) -> None:
        """Add the items in the caller's transaction, each in place of the one with its id; one that has not changed keeps its vector."""
        store.put(tx, collection, items)

    def remove(self, tx: Tx, collection: str, ids: Iterable[str]) -> None:
        """Remove these items in the caller's transaction; unknown ids are passed over."""
        store.remove(tx, collection, ids)

    def remove_group(self, tx: Tx, collection: str, group: str) -> None:
        """Remove all items of a group in the caller's transaction."""
        store.remove_group(tx, collection, group)

    def wake(self) -> None:
        """There is something to embed, or perhaps a new embedder. Call it after the commit."""
        self._is_idle = False
        self._wanted.set()

    def release_memory(self) -> None:
        """Drop the vector index held in memory; the next query builds it anew."""
        self._index.forget()

    async def wait_embedded(self, collection: str, group: str) -> None:
        """Return once no item of the group waits for its vector; at once when there is no embedder that works. Its items go first meanwhile."""
        self._waited[collection, group] += 1
        self.wake()
        try:
            while self._worker is not None:
                progress = self._progress
                if self._is_idle or self._is_failing or not await self._is_waiting(collection, group):
                    return
                await progress.wait()
        finally:
            self._waited[collection, group] -= 1
            self._waited += Counter()  # keeps what is above zero

    async def search(self, collection: str, query: str, *, limit: int, groups: list[str] | None = None, vector_weight: float = 0.5) -> list[Hit]:
        """The best hits, best first. ``groups`` confines the search to items of these; ``vector_weight`` 0 asks for words alone, 1 for meaning alone.

        Any text is a fine query: it has no syntax. One without a word finds nothing.
        """
        query = query.replace("\x00", " ")[:MAX_QUERY].encode("utf-8", "replace").decode("utf-8")
        limit = min(limit, MAX_LIMIT)
        weight = min(max(vector_weight, 0.0), 1.0)
        if limit < 1 or not re.search(r"\w", query):
            return []

        def match(tx: Tx) -> store.Matches | None:
            return self._index.match(tx, collection, query, groups, limit, by_words=by_words)

        def rank(tx: Tx, matches: store.Matches | None) -> list[Hit]:
            return [] if matches is None else self._index.rank(tx, matches, embedding, vector, weight)

        by_words = weight < 1.0
        embedding: Embedding | None = None
        vector: bytes | None = None
        asked = await self._asked(query) if weight > 0.0 else None
        if asked is None:
            by_words = True
            return await self._db.read(lambda tx: rank(tx, match(tx)))
        embedding, pending_vector = asked
        matches, vector = await asyncio.gather(self._db.read(match), pending_vector)
        if vector is None and not by_words:
            by_words = True
            matches = await self._db.read(match)
        return await self._db.read(lambda tx: rank(tx, matches))

    def status(self) -> SearchStatus:
        embeddings, counts = self._db.peek(lambda tx: (store.embeddings(tx), store.counts(tx)))
        searched = next((e.id for e in embeddings if e.state == "searched"), None)
        shadow = next((e.id for e in embeddings if e.state == "shadow"), None)
        return SearchStatus(
            items=counts.items,
            embedded=counts.items - counts.pending - counts.failed,
            pending=counts.pending,
            failed=counts.failed,
            embedder_id=searched,
            next_embedder_id=shadow,
            next_pending=counts.shadow_pending,
            problem=self._problem,
        )

    # The query's vector

    async def _asked(self, query: str) -> tuple[Embedding, Awaitable[bytes | None]] | None:
        """Whose vectors can be searched now, and the query's vector in the making. None when there are none."""
        known = await self._known()
        if not known:
            return None
        try:
            current = await self._embedder()
        except Exception as error:
            log.warning("there is no embedder for a query: %r", error)
            current = None
        if current is not None:
            self._held[current.facts.id] = current
        for embedding in known:
            embedder = self._embedder_of(embedding)
            if embedder is not None:
                return embedding, self._vector_of(query, embedding, embedder)
        return None

    async def _vector_of(self, query: str, embedding: Embedding, embedder: Embedder) -> bytes | None:
        key = (embedding.number, query)
        if key in self._queries:
            self._queries.move_to_end(key)
            return self._queries[key]
        making = asyncio.create_task(embedder.embed([query]))
        self._embedding_now.add(making)
        making.add_done_callback(self._embedding_now.discard)
        done, _ = await asyncio.wait({making}, timeout=QUERY_TIMEOUT_S)
        if not done:
            making.add_done_callback(_ignore_outcome)
            return None
        try:
            (vector,) = making.result()
        except (Exception, asyncio.CancelledError) as error:
            log.warning("a query could not be embedded: %r", error)
            self._held.pop(embedding.id, None)  # perhaps the embedder before, and closed; the present one is asked for anew each time
            return None
        self._queries[key] = vector
        if len(self._queries) > REMEMBERED_QUERIES:
            self._queries.popitem(last=False)
        return vector

    async def _known(self) -> list[Embedding]:
        if self._embeddings is None:
            self._embeddings = await self._db.read(store.embeddings)
        return self._embeddings

    def _embedder_of(self, embedding: Embedding) -> Embedder | None:
        """The embedder that made these vectors, if it is at hand and they are still wanted."""
        embedder = self._held.get(embedding.id)
        return embedder if embedder and embedder.facts.dimensions == embedding.dimensions and embedding.state != "retired" else None

    # The worker

    def _heard(self, recorded: Recorded) -> None:
        if recorded.event.topic.startswith(("model.", "provider.")):
            self._wanted.set()

    def _step(self) -> None:
        self._progress.set()
        self._progress = asyncio.Event()

    async def _work(self) -> None:
        failures = 0
        while True:
            self._wanted.clear()
            try:
                while await self._advance():
                    self._is_failing = False
                    failures = 0
                    self._step()
            except Exception as error:
                self._problem = _reason(error)
                self._is_failing = True
                self._step()
                pause = error.retry_after_s if isinstance(error, _Unusable) and error.retry_after_s else RETRY_S[min(failures, len(RETRY_S) - 1)]
                failures += 1
                await asyncio.sleep(pause)  # waking it does not make it work sooner
                continue
            self._is_failing = False
            failures = 0
            if self._wanted.is_set():
                continue
            self._is_idle = True
            self._step()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), POLL_S if self._problem else None)

    async def _advance(self) -> bool:
        """One step: the next window of items, or taking over, or clearing away. False when there is nothing to do."""
        known = await self._known()
        retired = next((e for e in known if e.state == "retired"), None)
        if retired is not None:
            if await self._db.write(lambda tx: store.clear(tx, retired.number, CLEARED)):
                self._embeddings = None
                self._index.forget(retired.number)
            return True
        if not await self._db.read(store.has_items):  # nothing to embed: the model need not be loaded
            self._problem = None
            return False
        current = await self._embedder()
        if current is None:
            self._problem = _NO_MODEL
            return False
        facts = current.facts
        self._held[facts.id] = current
        if not any((e.id, e.dimensions) == (facts.id, facts.dimensions) for e in known) or any(e.state == "shadow" and e.id != facts.id for e in known):
            self._embeddings = await self._db.write(lambda tx: store.adopt(tx, facts.id, facts.dimensions))
            return True
        for embedding in known:
            embedder = self._embedder_of(embedding)
            if embedder is None:
                continue
            try:
                if await self._embed_window(embedding, embedder):
                    return True
            except _Unusable:
                if embedder is current:
                    raise
                del self._held[embedding.id]  # the embedder before does not work any more; its vectors stay until the new ones take over
        self._problem = None
        shadow = next((e for e in known if e.state == "shadow"), None)
        if shadow is not None and await self._db.write(lambda tx: store.flip(tx, shadow.number)):
            log.info("the vectors of %s are searched from now on", shadow.id)
            self._embeddings = None
            self._held = {facts.id: current}
            self._queries.clear()
            self._index.forget()
            self._events.publish(SearchUpdated(embedder_id=shadow.id))
            return True
        return shadow is not None

    async def _embed_window(self, embedding: Embedding, embedder: Embedder) -> bool:
        """Embed the next items and commit their vectors. False when none waits."""
        waited = list(self._waited)

        def read(tx: Tx) -> list[Pending]:
            return store.pending(tx, embedding.number, WINDOW, _numbers(tx, waited))

        window = await self._db.read(read)
        if not window:
            return False
        # Texts of like length together: a batch costs as much as its longest text for each of them.
        window.sort(key=lambda item: len(item.passage))
        batches = [window[start : start + BATCH] for start in range(0, len(window), BATCH)]
        slots = asyncio.Semaphore(AT_ONCE)
        made = await asyncio.gather(*(self._embed_batch(embedder, batch, slots) for batch in batches), return_exceptions=True)
        for outcome in made:
            if isinstance(outcome, BaseException):
                raise outcome
        vectors = {key: vector for outcome in made if isinstance(outcome, dict) for key, vector in outcome.items() if vector is not None}
        failed = [item.key for item in window if item.key not in vectors]
        self._problem = None
        await self._db.write(lambda tx: store.save(tx, embedding.number, vectors, failed))
        if len(window) < WINDOW and embedding.state == "searched" and not (await self._db.read(store.counts)).pending:
            self._events.publish(SearchUpdated(embedder_id=embedding.id))
        return True

    async def _embed_batch(self, embedder: Embedder, batch: list[Pending], slots: asyncio.Semaphore) -> dict[int, bytes | None]:
        """Vectors by key, None for a text that the embedder cannot read."""
        made: list[bytes | None] = []
        async with slots:
            try:
                made = await self._embed(embedder, [item.passage for item in batch])
            except _Unusable:
                raise
            except Exception as error:
                log.warning("%d texts could not be embedded together: %r", len(batch), error)
            if not any(made):
                made = await self._one_by_one(embedder, batch)
        return {item.key: vector for item, vector in zip(batch, made, strict=True)}

    async def _embed(self, embedder: Embedder, texts: list[str]) -> list[bytes | None]:
        """The vectors, None for one that is no vector. _Unusable when the embedder says that it cannot work now."""
        try:
            made = await embedder.embed(texts)
        except RateLimited as error:
            raise _Unusable(error.message, float(error.retry_after_s)) from None
        except (UpstreamUnavailable, ServiceUnavailable) as error:
            raise _Unusable(error.message) from None
        if len(made) != len(texts):
            raise ValueError(f"{len(made)} vectors came for {len(texts)} texts")
        return await asyncio.to_thread(lambda: [_unit(vector, embedder.facts.dimensions) for vector in made])

    async def _one_by_one(self, embedder: Embedder, batch: list[Pending]) -> list[bytes | None]:
        """Which of the texts cannot be embedded (None)? When none of them can, a harmless one tells whether the embedder works at all."""
        made: list[bytes | None] = []
        last = ""
        for item in batch:
            try:
                made += await self._embed(embedder, [item.passage])
            except _Unusable:
                raise
            except Exception as error:
                last = str(error)
                made.append(None)
        if not any(made):
            try:
                probe = await self._embed(embedder, ["a word"])
            except _Unusable:
                raise
            except Exception:
                probe = [None]
            if probe == [None]:
                raise _Unusable(f"The embedding model does not work ({last or 'it gives no vectors'}). Search goes by words; it is tried again.")
        return made

    async def _is_waiting(self, collection: str, group: str) -> bool:
        searchable = next((e.number for e in await self._known() if self._embedder_of(e)), None)

        def read(tx: Tx) -> bool:
            if searchable is None:
                return bool(_numbers(tx, [(collection, group)]))
            return store.is_pending(tx, searchable, _numbers(tx, [(collection, group)]))

        return await self._db.read(read)


def _numbers(tx: Tx, groups: Iterable[tuple[str, str]]) -> list[int]:
    numbers = []
    for collection_name, group in groups:
        collection = store.find_collection(tx, collection_name)
        if collection is not None:
            numbers += store.find_groups(tx, collection, [group])
    return numbers


def _unit(vector: bytes, dimensions: int) -> bytes | None:
    """The vector with length 1; None when it is none."""
    import numpy as np

    if len(vector) != 4 * dimensions:
        return None
    row = np.frombuffer(vector, "<f4")
    length = float(np.linalg.norm(row))
    if not np.isfinite(length) or length < 1e-6:
        return None
    return vector if abs(length - 1) < 1e-3 else (row / np.float32(length)).astype("<f4").tobytes()


def _reason(error: Exception) -> str:
    """What to tell a person. Only what nobody foresaw goes to the log with its trace."""
    if isinstance(error, _Unusable):
        return str(error)
    if isinstance(error, SophonError):
        return error.message
    log.error("embedding in the background failed", exc_info=error)
    return "Embedding in the background failed; it is tried again. Search goes by words meanwhile."


def _ignore_outcome(task: asyncio.Task[list[bytes]]) -> None:
    if not task.cancelled():
        task.exception()
