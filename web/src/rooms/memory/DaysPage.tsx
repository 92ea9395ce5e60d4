import { CalendarDays, ChevronLeft, ChevronRight } from "lucide-react";
import { Link } from "wouter";
import { useDailyLog } from "@/api";
import { Button, EmptyState, ErrorNote, IconButton, Scroll, Skeleton, TextField, WorkPane } from "@/components";
import { href, useParam } from "@/shell/address";
import styles from "./DaysPage.module.css";
import { useKept } from "./MemoryList";
import { dateOf, dayWord, shiftDate } from "./words";

/** What happened, day by day. */
export function DaysPage() {
  const kept = useKept();
  const today = dateOf(new Date());
  const [given, setDate] = useParam("date");
  const date = given && /^\d{4}-\d{2}-\d{2}$/.test(given) ? given : today;
  const { data, error, refetch } = useDailyLog(date);
  const turn = (days: number) => setDate(shiftDate(date, days));
  return (
    <WorkPane
      title={<h1>Day by day</h1>}
      back={href("/memory", kept)}
      tools={
        <div className={styles.days}>
          <IconButton label="The day before" icon={<ChevronLeft aria-hidden />} onPress={() => turn(-1)} />
          <TextField label="Day" hideLabel type="date" value={date} onChange={(value) => value && setDate(value, { replace: true })} className={styles.date} />
          <IconButton label="The day after" icon={<ChevronRight aria-hidden />} isDisabled={date >= today} onPress={() => turn(1)} />
          {date !== today && (
            <Button small onPress={() => setDate(null)}>
              Today
            </Button>
          )}
        </div>
      }
    >
      <Scroll>
        <h2 className={styles.title}>{dayWord(date)}</h2>
        {error && !data ? (
          <ErrorNote error={error} title="This day could not be read" meaning="It is safe on your disk." retry={() => void refetch()} />
        ) : !data ? (
          <Skeleton rows={4} rowHeight={52} label="Reading the day" />
        ) : data.entries.length === 0 ? (
          <EmptyState icon={<CalendarDays aria-hidden />} title={date === today ? "Nothing yet today" : "Nothing was noted that day"}>
            Each talk with the agent leaves a line here. The agent reads the last two days before it answers.
          </EmptyState>
        ) : (
          <ol className={styles.lines}>
            {data.entries.map((entry, at) => (
              <li key={at} className={styles.line}>
                <time dateTime={entry.time} className={styles.time}>
                  {clock(entry.time)}
                </time>
                <span dir="auto" className={styles.text}>
                  {entry.text}
                </span>
                {entry.sessionId && (
                  <Link href={`/chat/${entry.sessionId}`} className={styles.chat}>
                    The chat
                  </Link>
                )}
              </li>
            ))}
          </ol>
        )}
      </Scroll>
    </WorkPane>
  );
}

/** "09:14" from a whole time in the person's zone, or from a time of day as it stands. */
function clock(time: string): string {
  if (/^\d{2}:\d{2}/.test(time)) return time.slice(0, 5);
  const moment = new Date(time);
  return Number.isNaN(moment.getTime()) ? time : moment.toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}
