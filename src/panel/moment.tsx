import type { VNode } from 'preact'
import type { Visit } from '../http/visit.ts'

/** A point in time in the visitor's language, in UTC and saying so (spec i18n.md §1). */
export const moment = ({ language }: Visit, at: Date): VNode => {
  const format = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: 'UTC',
  })
  return <time dateTime={at.toISOString()}>{`${format.format(at)} UTC`}</time>
}
