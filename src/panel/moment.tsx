import type { VNode } from 'preact'
import type { Visit } from '../http/visit.ts'

/** How long something still takes, which only scripts can say: the words before it are right without them. */
export const countdown = (seconds: number): VNode | null =>
  seconds <= 0 ? null : <span class="countdown" data-seconds-left={seconds} aria-hidden="true" />

/** A point in time in the visitor's language, in UTC and saying so (spec i18n.md §1). */
export const moment = ({ language }: Visit, at: Date): VNode => {
  const format = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: 'UTC',
  })
  return <time dateTime={at.toISOString()}>{`${format.format(at)} UTC`}</time>
}
