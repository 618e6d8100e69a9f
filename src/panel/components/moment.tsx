import type { VNode } from 'preact'
import { useKit } from '../kit.tsx'

/** A point in time in the visitor's language, in UTC and saying so; `local-time.js` says it in the visitor's zone. */
export const Moment = ({ at }: { at: Date }): VNode => {
  const { language } = useKit()
  const format = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
    timeZone: 'UTC',
  })
  return <time dateTime={at.toISOString()}>{format.format(at)}</time>
}

/** How long something still takes, which only scripts can say: the words before it are right without them. */
export const Countdown = ({ seconds }: { seconds: number }): VNode | null =>
  seconds <= 0 ? null : <span class="countdown" data-seconds-left={seconds} aria-hidden="true" />

/** How long something took: `0:34`, `1:02:05`. */
export const durationText = (seconds: number): string => {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.round(seconds) % 60]
  const two = (part: number) => String(part).padStart(2, '0')
  return hours === 0 ? `${minutes}:${two(rest)}` : `${hours}:${two(minutes)}:${two(rest)}`
}
