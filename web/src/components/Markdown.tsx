import { Check, Copy, WrapText } from "lucide-react";
import { Marked, type Token, type Tokens } from "marked";
import { createContext, Fragment, memo, use, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { IconButton } from "./Button";
import styles from "./Markdown.module.css";
import { join } from "./join";

/**
 * Text of a model or a document, as React elements. No HTML is ever made from it, so there is nothing to sanitise: tags show as the text they are, pictures as
 * their address (fetching them would tell a stranger that the text was read), and links lead to http, https and mail only.
 */
export interface MarkdownProps {
  text: string;
  /** Draws the reference [3]; null leaves it as text. */
  reference?: (number: number) => ReactNode;
  /** The level of its topmost headings on the page. */
  headingLevel?: 2 | 3 | 4;
  /** Chat size instead of body size. */
  large?: boolean;
  className?: string;
}

interface Reference {
  type: "reference";
  raw: string;
  numbers: number[];
}

const marked = new Marked({
  gfm: true,
  breaks: true,
  extensions: [
    {
      name: "reference",
      level: "inline",
      start: (text) => text.match(/\[\d/)?.index,
      // [1], [1, 2] and [1-3]; not [1](address), which is a link, and not [1]: which defines one.
      tokenizer: (text): Reference | undefined => {
        const found = /^\[(\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\](?![(:[])|^\[(\d{1,3})\](?=\[\d)/.exec(text);
        const inside = found?.[1] ?? found?.[2];
        return found && inside ? { type: "reference", raw: found[0], numbers: referenceNumbers(inside) } : undefined;
      },
    },
  ],
});

/** "1, 3-5" -> [1, 3, 4, 5]. */
export function referenceNumbers(text: string): number[] {
  return text.split(/[,;]/).flatMap((part) => {
    const [from, to] = part.split(/[–-]/).map((side) => Number.parseInt(side.trim(), 10));
    if (from === undefined || Number.isNaN(from)) return [];
    if (to === undefined || Number.isNaN(to) || to < from || to - from > 20) return [from];
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
}

/** What to add to a heading's depth to get its level on the page. */
const Below = createContext(0);

const References = createContext<((number: number) => ReactNode) | undefined>(undefined);

export const Markdown = memo(function Markdown({ text, reference, headingLevel = 2, large, className }: MarkdownProps) {
  const blocks = useMemo(() => marked.lexer(text), [text]);
  const top = Math.min(6, ...blocks.filter((token) => token.type === "heading").map((token) => (token as Tokens.Heading).depth));
  return (
    <References value={reference}>
      <Below value={headingLevel - top}>
        <div className={join(styles.prose, large && styles.large, className)}>
          {blocks.map((token, at) => (
            // While a text grows only its last block changes; the others are not drawn again.
            <Block key={at} token={token} />
          ))}
        </div>
      </Below>
    </References>
  );
});

const Block = memo(
  function Block({ token }: { token: Token }) {
    return block(token);
  },
  (before, after) => before.token.raw === after.token.raw && before.token.type === after.token.type,
);

function blocks(tokens: Token[] | undefined): ReactNode {
  return tokens?.map((token, at) => <Fragment key={at}>{block(token)}</Fragment>);
}

function block(token: Token): ReactNode {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
      return <Heading token={token as Tokens.Heading} />;
    case "paragraph":
      return <p dir="auto">{inlines((token as Tokens.Paragraph).tokens)}</p>;
    case "text": {
      const text = token as Tokens.Text;
      return text.tokens ? inlines(text.tokens) : unescape(text.text);
    }
    case "blockquote":
      return <blockquote>{blocks((token as Tokens.Blockquote).tokens)}</blockquote>;
    case "code": {
      const code = token as Tokens.Code;
      return <CodeBlock text={code.text} language={code.lang ?? ""} />;
    }
    case "hr":
      return <hr />;
    case "list": {
      const list = token as Tokens.List;
      const items = list.items.map((item, at) => (
        <li key={at} className={item.task ? styles.task : undefined} dir="auto">
          {item.task && <input type="checkbox" checked={Boolean(item.checked)} readOnly disabled aria-label={item.checked ? "Done" : "Open"} />}
          {blocks(item.tokens)}
        </li>
      ));
      return list.ordered ? <ol start={typeof list.start === "number" ? list.start : undefined}>{items}</ol> : <ul>{items}</ul>;
    }
    case "table": {
      const table = token as Tokens.Table;
      return (
        <div className={styles.tableFrame} role="group" aria-label="Table" tabIndex={0}>
          <table>
            <thead>
              <tr>
                {table.header.map((cell, at) => (
                  <th key={at} data-align={cell.align} scope="col">
                    {inlines(cell.tokens)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {table.rows.map((row, at) => (
                <tr key={at}>
                  {row.map((cell, column) => (
                    <td key={column} data-align={cell.align}>
                      {inlines(cell.tokens)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      );
    }
    case "checkbox":
      return null;
    case "html":
      return <p className={styles.raw}>{token.raw.trimEnd()}</p>;
    default:
      return <p>{token.raw}</p>;
  }
}

/** A message is not a page: its topmost heading stands just below the page's own, whatever it was written as. */
function Heading({ token }: { token: Tokens.Heading }) {
  const Level = `h${Math.max(2, Math.min(6, token.depth + use(Below)))}` as "h2";
  return (
    <Level className={styles[`h${Math.min(3, token.depth)}`]} dir="auto">
      {inlines(token.tokens)}
    </Level>
  );
}

function inlines(tokens: Token[] | undefined): ReactNode {
  return tokens?.map((token, at) => <Fragment key={at}>{inline(token)}</Fragment>);
}

function inline(token: Token): ReactNode {
  switch (token.type) {
    case "text": {
      const text = token as Tokens.Text;
      return text.tokens ? inlines(text.tokens) : unescape(text.text);
    }
    case "escape":
      return unescape((token as Tokens.Escape).text);
    case "strong":
      return <strong>{inlines((token as Tokens.Strong).tokens)}</strong>;
    case "em":
      return <em>{inlines((token as Tokens.Em).tokens)}</em>;
    case "del":
      return <del>{inlines((token as Tokens.Del).tokens)}</del>;
    case "codespan":
      return <code>{unescape((token as Tokens.Codespan).text)}</code>;
    case "br":
      return <br />;
    case "link": {
      const link = token as Tokens.Link;
      const to = safeAddress(link.href);
      if (!to) return inlines(link.tokens);
      return (
        <a href={to} target="_blank" rel="noopener noreferrer" title={link.title ?? undefined}>
          {inlines(link.tokens)}
        </a>
      );
    }
    case "image": {
      const image = token as Tokens.Image;
      const to = safeAddress(image.href);
      const words = `Picture: ${image.text || image.href}`;
      return to ? (
        <a href={to} target="_blank" rel="noopener noreferrer">
          {words}
        </a>
      ) : (
        words
      );
    }
    case "reference":
      return <Reference token={token as unknown as Reference} />;
    case "checkbox":
      return null;
    default:
      return token.raw;
  }
}

function Reference({ token }: { token: Reference }) {
  const draw = use(References);
  const drawn = draw ? token.numbers.map((number) => [number, draw(number)] as const) : [];
  if (drawn.length === 0 || drawn.some(([, node]) => node === null || node === undefined)) return token.raw;
  return (
    <>
      {drawn.map(([number, node]) => (
        <Fragment key={number}>{node}</Fragment>
      ))}
      {"\u2060" /* so that a full stop never stands alone on the next line */}
    </>
  );
}

/** The lexer leaves entities as they were written; the few that models write are read here. */
function unescape(text: string): string {
  const words: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&nbsp;": "\u00a0" };
  return text.replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (entity) => words[entity] ?? entity);
}

/** An address that may be followed from somebody else's text; null for script, data, file and the like. */
export function safeAddress(address: string): string | null {
  try {
    const url = new URL(address);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

export interface CodeBlockProps {
  text: string;
  language?: string;
}

/** Code with copy and wrap; it scrolls inside itself. */
export function CodeBlock({ text, language = "" }: CodeBlockProps) {
  const [isWrapped, setWrapped] = useState(false);
  return (
    <figure className={styles.code}>
      <figcaption className={styles.codeBar}>
        <span className={styles.language}>{language.split(/\s/)[0]}</span>
        <IconButton
          small
          label={isWrapped ? "Don't wrap lines" : "Wrap lines"}
          pressed={isWrapped}
          icon={<WrapText aria-hidden />}
          onPress={() => setWrapped(!isWrapped)}
        />
        <CopyButton text={text} label="Copy this code" />
      </figcaption>
      <pre className={isWrapped ? styles.wrapped : undefined} tabIndex={0}>
        <code>{text}</code>
      </pre>
    </figure>
  );
}

/** Copies `text`, and says so on itself. */
export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [state, setState] = useState<"idle" | "done" | "failed">("idle");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState("done");
    } catch {
      setState("failed");
    }
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setState("idle"), 1600);
  };
  return (
    <>
      <IconButton
        small
        label={state === "done" ? "Copied" : state === "failed" ? "The browser did not allow it" : label}
        icon={state === "done" ? <Check aria-hidden /> : <Copy aria-hidden />}
        onPress={() => void copy()}
      />
      <span className="aside-voice" aria-live="polite">
        {state === "done" && "Copied"}
      </span>
    </>
  );
}
