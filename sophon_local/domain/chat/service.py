"""One turn: recall, read, answer, hold the answer to its sources, remember."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from pathlib import PurePath
from typing import Any

import msgspec

from ...db import Database, Tx
from ...kit import clock
from ...kit.caller import Caller, owner
from ...kit.errors import Conflict, NoChatModel, NotFound, SophonError, ValidationFailed
from ...kit.events import Events
from ...kit.ids import new_id
from ...kit.paging import PageRequest
from ...providers.base import Chat, ChatMessage, ChatRequest, Finished, TextDelta, ToolCall, ToolCalls, ToolSpec
from ..agents import MAX_PROMPT_CHARACTERS, Agent, Agents
from ..documents import Documents, PassageHit
from ..memory import Learned, Memory, Turn
from ..models import Models
from ..sessions import Message, MessageDelta, ModelUsed, Sessions, Step, TokenCount, TurnStep
from ..tasks import NewTask, Outcome, Task, Tasks
from ..tools import Tools, allowed
from . import extractive, prompt
from .grounding import Citations, MarkingFilter, StrictFilter, rambles
from .language import Question, asks_the_time, asks_to_delete, follow, is_follow_up, understand, words
from .model import MAX_ATTACHMENTS, MAX_CONTENT, Ack, NewMessage, transcript_channel
from .sources import Source, Window, evidence, from_memory, from_passage, from_quotation

KIND = "chat"
PASSAGES = 8
MEMORIES = 4
HISTORY = 12
MAX_TOOL_TURNS = 6
DIARY_LINES = 12
DIARY_LINE = 120  # characters
CHECKPOINT_S = 1.0

# A passage is worth showing to a model from here on; weaker ones only distract it.
RELEVANT_COVERAGE = 0.34
RELEVANT_VECTOR = 0.35
# Evidence for an answer: see tests/bench/answering.py for how these fare on questions with and without an answer.
ANSWERABLE = 0.45
ANSWERABLE_ATTACHED = 0.25  # who attaches a document says that the answer is in it

NOT_FOUND_TEXT = "Not in your documents."
NOT_KNOWN_TEXT = "I don't know that: it is neither in your documents nor in what I remember."


NOTHING_DELETED_TEXT = (
    "Nothing was deleted or forgotten. I can't do that from a chat: under Memory and Documents you see what there is, and can forget or delete it there."
)


class _Answer:
    """An answer as it comes: every piece is published at once and kept on disk every second."""

    def __init__(self, message: Message, sessions: Sessions, events: Events) -> None:
        self.message = message
        self.content = ""
        self.steps: list[Step] = []
        self._sessions = sessions
        self._events = events
        self._kept_at = time.monotonic()
        self._began = time.monotonic()

    async def write(self, text: str) -> None:
        if not text:
            return
        offset = len(self.content)
        self.content += text
        m = self.message
        self._events.publish(MessageDelta(message_id=m.id, delta=text, offset=offset, session_id=m.session_id, task_id=m.task_id))
        if time.monotonic() - self._kept_at >= CHECKPOINT_S:
            self._kept_at = time.monotonic()
            await self._sessions.checkpoint(m.id, self.content)

    def step(self, kind: str, text: str, since: float) -> None:
        elapsed_ms = int((time.monotonic() - since) * 1000)
        self.steps.append(Step(kind, text, elapsed_ms))
        m = self.message
        self._events.publish(TurnStep(message_id=m.id, kind=kind, text=text, elapsed_ms=elapsed_ms, session_id=m.session_id, task_id=m.task_id))

    @property
    def elapsed_ms(self) -> int:
        return int((time.monotonic() - self._began) * 1000)


class _Draft(msgspec.Struct, kw_only=True):
    """What the turn has found out about its answer so far; becomes the message."""

    citations: Citations
    sources: list[Source]
    answered: str = "model"
    model: ModelUsed | None = None
    tokens: TokenCount = TokenCount()
    tool_calls: list[dict[str, Any]] = []
    standing: list[str] = []
    learned: Learned | None = None


class Chats:
    def __init__(
        self, db: Database, events: Events, agents: Agents, sessions: Sessions, tasks: Tasks, documents: Documents, memory: Memory, models: Models, tools: Tools
    ) -> None:
        self._db = db
        self._events = events
        self._agents = agents
        self._sessions = sessions
        self._tasks = tasks
        self._documents = documents
        self._memory = memory
        self._models = models
        self._tools = tools
        tasks.register(KIND, self._turn)

    async def send(self, caller: Caller, new: NewMessage, history: list[ChatMessage] | None = None) -> Ack:
        """Keep the message and queue its turn. ``history`` fills a new session with what was said elsewhere."""
        content = new.content.strip()
        if not content:
            raise ValidationFailed("The message is empty. Write something.", errors=[{"field": "content", "message": "must not be empty"}])
        if len(content) > MAX_CONTENT:
            raise ValidationFailed(
                f"A message has {MAX_CONTENT:,} characters at most. Upload longer text as a document and ask about it.",
                errors=[{"field": "content", "message": f"{MAX_CONTENT} characters at most"}],
            )
        if len(new.attachments) > MAX_ATTACHMENTS:
            raise ValidationFailed(f"A message takes {MAX_ATTACHMENTS} attachments at most.", errors=[{"field": "attachments"}])
        for document_id in new.attachments:
            await self._documents.get(caller, document_id)
        agent = await self._agent_for(caller, new)

        def keep(tx: Tx) -> tuple[Task, Message]:
            session = self._sessions.open(tx, new.session_id, agent.id, new.channel_id, content)
            for said in history or [] if session.message_count == 0 else []:
                self._sessions.append(
                    tx,
                    Message(id=new_id("msg"), session_id=session.id, role=said.role, content=said.content, status="complete", created_at=clock.timestamp()),
                )
            message = Message(
                id=new_id("msg"),
                session_id=session.id,
                role="user",
                content=content,
                status="complete",
                attachments=new.attachments,
                created_at=clock.timestamp(),
            )
            self._sessions.append(tx, message)
            task = self._tasks.add(
                tx,
                NewTask(
                    kind=KIND,
                    description=content,
                    user_id=caller.user_id,
                    session_id=session.id,
                    agent_id=agent.id,
                    payload={"message_id": message.id},
                ),
            )
            return task, message

        task, message = await self._db.write(keep)
        self._sessions.appended(message)
        self._tasks.queued(task)
        return Ack(task.id, message.session_id, message.id)

    async def send_transcript(self, caller: Caller, new: NewMessage, said: list[ChatMessage]) -> Ack:
        """``send`` for callers that bring the whole conversation each time: ``said`` is what came before. A conversation that this server has
        held before goes on in its session; any other begins a new one with ``said`` as its history."""
        if said:
            session = await self._sessions.find_by_channel(transcript_channel(said))
            if session is not None:
                return await self.send(caller, msgspec.structs.replace(new, session_id=session.id))
        return await self.send(caller, msgspec.structs.replace(new, channel_id=transcript_channel(said)), said)

    async def model_for(self, caller: Caller, agent_id: str | None, model_id: str | None) -> Chat:
        """The chat model called ``model_id``, or the one that an agent uses. Raises NoChatModel or NotFound."""
        if model_id is not None:
            return await self._models.chat(model_id)
        agent = await self._agents.get(caller, agent_id) if agent_id else await self._agents.get_default()
        model = await self._first_model(agent)
        if model is None:
            raise NoChatModel("No chat model is installed. Choose one under Models, or run: sophon-local models pull.")
        return model

    async def soul_message(self, caller: Caller, agent_id: str | None) -> ChatMessage:
        """Who the agent is, as a system message."""
        agent = await self._agents.get(caller, agent_id) if agent_id else await self._agents.get_default()
        soul = await self._agents.read_file(caller, agent.id, "soul")
        return ChatMessage("system", soul.content[:MAX_PROMPT_CHARACTERS])

    async def wait(self, task_id: str, timeout_s: float) -> Message | None:
        """The finished answer of a turn; None when it is not there after ``timeout_s`` seconds."""
        task = await self._tasks.wait(task_id, timeout_s)
        if task.status in ("queued", "running"):
            return None
        message = await self._sessions.answer_of(task_id)
        if message is None and task.error:
            raise NoChatModel(task.error) if task.status == "failed" else Conflict(task.error)
        return message

    async def delete_session(self, caller: Caller, session_id: str, force: bool = False) -> None:
        """Delete a session; Conflict while a turn runs in it, unless ``force`` cancels that first."""
        await self._sessions.get(caller, session_id)
        active = await self._tasks.active_of_session(session_id)
        if active and not force:
            raise Conflict("An answer is being written in this session. Wait for it, or delete with force=true.", taskId=active[0].id)
        for task in active:
            try:
                await self._tasks.cancel(caller, task.id)
            except Conflict:
                continue  # it ended by itself meanwhile
        await self._sessions.delete(caller, session_id)

    async def _agent_for(self, caller: Caller, new: NewMessage) -> Agent:
        if new.agent_id is not None:
            agent = await self._agents.get(caller, new.agent_id)
        elif new.session_id is not None:
            session = await self._sessions.get(caller, new.session_id)
            try:
                agent = await self._agents.get(caller, session.agent_id)
            except NotFound:
                agent = await self._agents.get_default()
        else:
            agent = await self._agents.get_default()
        if not agent.enabled:
            raise Conflict(f"The agent {agent.name} is switched off. Enable it, or choose another one.")
        return agent

    async def _turn(self, task: Task) -> Outcome:
        caller = owner()
        asked = await self._sessions.message(task.payload["message_id"])
        agent = await self._agents.get(caller, task.agent_id or "")
        message = Message(
            id=new_id("msg"),
            session_id=asked.session_id,
            role="assistant",
            content="",
            status="streaming",
            task_id=task.id,
            created_at=clock.timestamp(),
        )
        await self._db.write(lambda tx: self._sessions.append(tx, message))
        self._sessions.appended(message)
        answer = _Answer(message, self._sessions, self._events)
        draft = _Draft(citations=Citations([]), sources=[])
        try:
            model = await self._write_answer(caller, agent, asked, answer, draft)
        except asyncio.CancelledError:
            await asyncio.shield(self._close(answer, draft, *self._cut_off(task)))
            raise
        except SophonError as error:
            await self._close(answer, draft, "failed", error.message)
            raise
        except Exception:
            await self._close(answer, draft, "failed", "Something went wrong inside the program. Your message is kept; try again.")
            raise
        await self._close(answer, draft, "complete", None)
        if draft.learned is None:
            await self._remember(agent, asked, answer, model)
        return Outcome(tokens=draft.tokens.prompt + draft.tokens.completion, tool_calls=draft.tool_calls)

    def _cut_off(self, task: Task) -> tuple[str, str | None]:
        if self._tasks.is_cancelled(task.id):
            return "cancelled", None
        return "interrupted", "The program stopped while this was being written. What had come until then is kept."

    async def _close(self, answer: _Answer, draft: _Draft, status: str, error: str | None) -> None:
        content = answer.content.strip()
        cited = [c for c in draft.citations.made if f"[{c.number}]" in content]
        await self._sessions.finish(
            msgspec.structs.replace(
                answer.message,
                content=content,
                status=status,
                error=error,
                tool_calls=draft.tool_calls,
                citations=cited,
                recalled=[source.recalled for source in draft.sources],
                steps=answer.steps,
                answered=draft.answered,  # type: ignore[arg-type]
                model=draft.model,
                tokens=draft.tokens,
                elapsed_ms=answer.elapsed_ms,
            ),
            transcript_channel,
        )

    async def _write_answer(self, caller: Caller, agent: Agent, asked: Message, answer: _Answer, draft: _Draft) -> Chat | None:
        history = await self._sessions.before(asked.session_id, asked.id, HISTORY)
        question = understand(asked.content)
        if question.intent == "question" and is_follow_up(question):
            before = next((m.content for m in reversed(history) if m.role == "user"), "")
            question = follow(question, before) if before else question
        began = time.monotonic()
        sources, standing = await self._recall(caller, agent, asked, question, history)
        draft.standing = standing
        has_documents = bool((await self._documents.list(caller, PageRequest(limit=1))).items)
        draft.sources, draft.citations = sources, Citations(sources)
        answer.step("recall", _recalled(sources, question), began)

        model = await self._model(agent, answer, draft)
        if question.wants_summary and await self._summarize(caller, asked, sources, answer, draft, model):
            return model
        if model is not None and prompt.is_capable(model.facts):
            await self._converse(agent, question, asked, history, sources, answer, draft, model, has_documents)
        elif question.intent == "question":
            ranked = await asyncio.to_thread(evidence, question, sources)
            enough = ANSWERABLE_ATTACHED if asked.attachments else ANSWERABLE
            if ranked and ranked[0][0] >= enough and ranked[0][1].kind == "memory":
                draft.answered, draft.model = "extractive", None
                await answer.write(extractive.told(ranked, draft.citations))
            elif ranked and ranked[0][0] >= enough:
                await self._answer_strictly(question, ranked, answer, draft, model)
            elif has_documents or question.is_personal or model is None:
                await self._decline(question, ranked, has_documents, answer, draft)
            else:
                await self._converse(agent, question, asked, history, [], answer, draft, model, has_documents)
        elif asks_the_time(question):
            draft.answered, draft.model = "extractive", None
            await answer.write(f"It is {clock.now().astimezone():%A, %d %B %Y, %H:%M}.")
        elif asks_to_delete(question):
            draft.answered, draft.model = "extractive", None
            await answer.write(NOTHING_DELETED_TEXT)
        elif question.intent == "statement" and (acknowledged := await self._acknowledge(agent, asked, answer, draft)):
            await answer.write(acknowledged)
        elif model is not None:
            known = [s for s in sources if s.kind == "memory"]
            draft.sources = known
            await self._converse(agent, question, asked, history, known, answer, draft, model, has_documents)
        else:
            await self._without_model(answer, draft)
        return model

    async def _recall(self, caller: Caller, agent: Agent, asked: Message, question: Question, history: list[Message]) -> tuple[list[Source], list[str]]:
        """What bears on the message, numbered: passages of the attached documents, or of all of them, and memories. Then the wishes that
        hold for every answer."""
        query = question.text
        tools = {tool.name for tool in allowed(agent.tools)}
        attached = list(asked.attachments) or [d for m in history for d in m.attachments]
        passages, memories = await asyncio.gather(
            self._passages(caller, query, attached, question) if "documents.search" in tools else _nothing(),
            self._memory.recall(agent.id, question.text, MEMORIES) if "memory.search" in tools else _nothing(),
        )
        standing = [hit.entry.content for hit in memories if hit.is_standing]
        found = [from_memory(0, hit) for hit in memories if not hit.is_standing] + [from_passage(0, hit) for hit in passages]
        found.sort(key=lambda s: -s.recalled.score)
        return [msgspec.structs.replace(source, number=n) for n, source in enumerate(found, 1)], standing

    async def _passages(self, caller: Caller, query: str, attached: list[str], question: Question) -> list[PassageHit]:
        if question.intent == "small_talk" or (question.intent == "statement" and not attached):
            return []
        hits: list[PassageHit] = []
        if attached:
            hits = await self._documents.search(caller, query, PASSAGES, document_ids=attached)
        if not hits:
            hits = await self._documents.search(caller, query, PASSAGES)
        return [h for h in hits if h.hit.coverage >= RELEVANT_COVERAGE or (h.hit.vector_score or 0.0) >= RELEVANT_VECTOR or attached]

    async def _first_model(self, agent: Agent) -> Chat | None:
        """The agent's model, its fallback, or the chosen one; None when nothing is installed."""
        choice = agent.model
        wanted = [choice.id, choice.fallback, None] if choice else [None]
        for model_id in dict.fromkeys(wanted):
            try:
                return await self._models.chat(model_id)
            except (NoChatModel, NotFound):
                continue
        return None

    async def _model(self, agent: Agent, answer: _Answer, draft: _Draft) -> Chat | None:
        began = time.monotonic()
        model = await self._first_model(agent)
        if model is not None:
            draft.model = ModelUsed(model.facts.name, model.facts.provider, model.facts.is_local)
            if time.monotonic() - began > 0.3:
                answer.step("load_model", f"loaded {model.facts.name}", began)
        return model

    async def _summarize(self, caller: Caller, asked: Message, sources: list[Source], answer: _Answer, draft: _Draft, model: Chat | None) -> bool:
        """Answer a wish for a summary from the whole document; False when it is not clear which one is meant."""
        document_id = asked.attachments[0] if asked.attachments else await self._document_named(caller, asked.content)
        if document_id is None:
            return False
        began = time.monotonic()
        summary = await self._documents.summarize(caller, document_id)
        draft.answered = "model" if summary.method == "model" else "extractive"
        if summary.method != "model":
            draft.model = None
        draft.sources = [from_quotation(cited) for cited in summary.citations]
        draft.citations = Citations(draft.sources)
        marker = MarkingFilter(draft.citations)
        await answer.write(marker.feed(summary.summary))
        await answer.write(marker.close())
        answer.step("generate", "summarised the document", began)
        return True

    async def _document_named(self, caller: Caller, content: str) -> str | None:
        """The one document whose name stands in a message; None when none does, or several."""
        said = set(words(content))
        found = []
        for document in (await self._documents.list(caller, PageRequest(limit=200))).items:
            stem = PurePath(document.filename).stem
            name = {word for word in words(re.sub(r"[-_.]+", " ", stem)) if len(word) > 2 and not word.isdigit()}
            if document.filename.casefold() in content.casefold() or (name and name <= said):
                found.append(document.id)
        return found[0] if len(found) == 1 else None

    async def _answer_strictly(
        self, question: Question, ranked: list[tuple[float, Source, Window]], answer: _Answer, draft: _Draft, model: Chat | None
    ) -> None:
        """From the sources alone: a small model may put it into words, and every sentence must be carried by a source."""
        if model is not None:
            order = list({source.number: source for _, source, _ in ranked}.values())
            read = prompt.fit(order, model.facts.prompt_budget - 120)
            draft.citations = Citations(read)
            draft.sources = read
            answer.step("read", f"read {len(read)} passage{'s' if len(read) != 1 else ''}", time.monotonic())
            strict = StrictFilter(draft.citations, ranked)
            request = ChatRequest(messages=prompt.answer_from_sources(question.text, read), max_tokens=160, temperature=0.0)
            began = time.monotonic()
            async with aclosing(self._generate(model, request, draft)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, TextDelta):
                        await answer.write(strict.feed(piece.text))
                    if strict.is_done:
                        break
            await answer.write(strict.close())
            answer.step("generate", f"{model.facts.name} answered" + (f", {strict.dropped} unsupported left out" if strict.dropped else ""), began)
            if answer.content:
                return
            if strict.says_not_found and ranked[0][0] < 0.75:
                await self._decline(question, ranked, True, answer, draft)
                return
        draft.answered = "extractive"
        draft.model = None
        draft.citations = Citations(draft.sources)
        readable = {source.number for source in draft.sources}
        await answer.write(extractive.quote(question, [row for row in ranked if row[1].number in readable], draft.citations))

    async def _decline(self, question: Question, ranked: list[tuple[float, Source, Window]], has_documents: bool, answer: _Answer, draft: _Draft) -> None:
        """Say that it is not there. Never a guess."""
        draft.answered = "not_found"
        draft.model = None
        if has_documents and not question.is_personal:
            near = [row for row in ranked if row[0] >= ANSWERABLE / 2]
            await answer.write(NOT_FOUND_TEXT + extractive.closest(near))
        elif question.is_personal:
            known = NOT_KNOWN_TEXT + extractive.nearest_memory(draft.sources)
            await answer.write(f"{NOT_FOUND_TEXT} {known}" if has_documents else known)
        else:
            await answer.write(
                f"{NOT_FOUND_TEXT} There are none yet, and no chat model is installed that could answer from general knowledge. "
                "Add documents, or choose a model under Models."
            )

    async def _converse(
        self,
        agent: Agent,
        question: Question,
        asked: Message,
        history: list[Message],
        sources: list[Source],
        answer: _Answer,
        draft: _Draft,
        model: Chat,
        has_documents: bool,
    ) -> None:
        """In the agent's own voice. A capable model sees the sources and marks what rests on them."""
        capable = prompt.is_capable(model.facts)
        soul = (await self._agents.read_file(owner(), agent.id, "soul")).content[:MAX_PROMPT_CHARACTERS]
        read = prompt.fit(sources, model.facts.prompt_budget // 2) if sources else []
        draft.sources, draft.citations = read, Citations(read)
        diary = await self._last_two_days(owner()) if capable else ""
        messages = prompt.converse(soul, draft.standing, diary, history, asked.content, read, model.facts)
        tools = allowed(agent.tools) if capable and model.facts.has_native_tools else []
        temperature = agent.temperature if agent.temperature is not None else (0.7 if capable else 0.3)
        marker = MarkingFilter(draft.citations)
        if has_documents and not read and not tools and question.asks_for_facts:
            await answer.write(f"{NOT_FOUND_TEXT} From general knowledge: ")
        for turn in range(MAX_TOOL_TURNS + 1):
            request = ChatRequest(
                messages=messages,
                tools=[ToolSpec(tool.call_name, tool.description, tool.parameters) for tool in tools] if turn < MAX_TOOL_TURNS else [],
                temperature=temperature,
                max_tokens=None if capable else (60 if question.intent == "small_talk" else 320),
            )
            began = time.monotonic()
            calls: list[ToolCall] = []
            said = ""
            async with aclosing(self._generate(model, request, draft)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, ToolCalls):
                        calls = piece.calls
                    else:
                        said += piece.text
                        await answer.write(marker.feed(piece.text))
                    if not capable and rambles(said):
                        break
            if not calls:
                break
            messages = [*messages, ChatMessage("assistant", said, tool_calls=calls)]
            for call in calls:
                messages.append(await self._call(agent, asked, call, answer, draft))
        await answer.write(marker.close())
        answer.step("generate", f"{model.facts.name} answered", began)
        if answer.content.lstrip().lower().startswith(NOT_FOUND_TEXT.rstrip(".").lower()):
            draft.answered = "not_found"

    async def _last_two_days(self, caller: Caller) -> str:
        """What was talked about yesterday and today, the latest lines of it."""
        today = clock.now().date()
        lines = []
        for day in (today - timedelta(days=1), today):
            log = await self._memory.daily_log(caller, day.isoformat())
            lines += [f"- {log.date} {' '.join(line.text.split())[:DIARY_LINE]}" for line in log.entries]
        return "\n".join(lines[-DIARY_LINES:])

    async def _call(self, agent: Agent, asked: Message, call: ToolCall, answer: _Answer, draft: _Draft) -> ChatMessage:
        """Carry out one call of the model's; what it found joins the sources, numbered on."""
        began = time.monotonic()
        caller = Caller(f"agent:{agent.id}", kind="agent")
        result = await self._tools.execute(caller, agent.tools, agent.id, asked.session_id, asked.id, call)
        found: list[Source] = []
        for hit in result.memories:
            found.append(from_memory(len(draft.sources) + len(found) + 1, hit))
        for passage in result.passages:
            found.append(from_passage(len(draft.sources) + len(found) + 1, passage))
        draft.sources = [*draft.sources, *found]
        draft.citations.add(found)
        elapsed_ms = int((time.monotonic() - began) * 1000)
        draft.tool_calls.append({"id": call.id, "name": call.name, "arguments": call.arguments, "ok": not result.is_error, "elapsedMs": elapsed_ms})
        answer.step("tool", f"{call.name}: {'failed' if result.is_error else 'done'}", began)
        content = prompt.quoted(found) if found else result.content
        return ChatMessage("tool", content, tool_call_id=call.id)

    async def _acknowledge(self, agent: Agent, asked: Message, answer: _Answer, draft: _Draft) -> str:
        """What of a statement was kept, in words; empty when nothing was. A small model has nothing better to say to it."""
        draft.learned = await self._remember(agent, asked, answer, None)
        draft.answered, model, draft.model = "extractive", draft.model, None
        acknowledged = extractive.noted(draft.learned)
        if not acknowledged:
            draft.answered, draft.model = "model", model
        return acknowledged

    async def _without_model(self, answer: _Answer, draft: _Draft) -> None:
        """No chat model: say what can be done instead."""
        draft.answered = "extractive"
        await answer.write(
            "No chat model is installed yet, so I cannot write freely. I can find things in your documents and in what you told me: ask a question about them, "
            "or choose a model under Models."
        )

    async def _generate(self, model: Chat, request: ChatRequest, draft: _Draft) -> AsyncGenerator[TextDelta | ToolCalls, None]:
        """The pieces of one call to the model; its tokens are added up in the draft."""
        async with aclosing(model.stream(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Finished):
                    used = draft.tokens
                    draft.tokens = TokenCount(used.prompt + piece.prompt_tokens, used.completion + piece.completion_tokens)
                else:
                    yield piece

    async def _remember(self, agent: Agent, asked: Message, answer: _Answer, model: Chat | None) -> Learned:
        """What is worth keeping of the turn. It never costs the answer: that is finished by now."""
        turn = Turn(session_id=asked.session_id, message_id=asked.id, agent_id=agent.id, user_text=asked.content, assistant_text=answer.content)
        learned = await self._memory.learn(turn, model if model is not None and prompt.is_capable(model.facts) else None)
        await self._memory.log(asked.content, asked.session_id, agent.id)
        return learned


async def _nothing() -> list[Any]:
    return []


def _recalled(sources: list[Source], question: Question) -> str:
    if not sources:
        return "nothing to look up" if question.intent == "small_talk" else "found nothing that bears on it"
    passages = sum(s.kind == "document" for s in sources)
    memories = len(sources) - passages
    parts = [f"{passages} passage{'s' if passages != 1 else ''}"] if passages else []
    parts += [f"{memories} memor{'ies' if memories != 1 else 'y'}"] if memories else []
    return "recalled " + " and ".join(parts)
