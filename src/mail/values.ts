import type { Config } from '../config/config.ts'
import { spaceUrl } from '../config/links.ts'
import type { Language } from '../messages/messages.ts'
import type { MessageData } from '../outbox/messages.ts'
import type { Values } from './template.ts'

/** The Space in whose name a mail is written. */
export interface MailSpace {
  readonly name: string
  readonly host: string
  readonly copyrightText: string | null
  readonly logo: string | null
}

/** What the names of a mail's attached pictures start with, as `cid:` links say them. */
export const QR_CID = 'qr@sipkeeper'

const MINUTES_OF = { day: 1440, hour: 60, minute: 1 } as const

/** `1440` → "1 day", "1 jour": in the largest unit that says it exactly. */
const humanDuration = (minutes: number, language: Language): string => {
  const unit = (['day', 'hour'] as const).find((one) => minutes % MINUTES_OF[one] === 0) ?? 'minute'
  const format = new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' })
  return format.format(minutes / MINUTES_OF[unit])
}

/** `125` → "2 minutes 5 seconds". */
const humanSeconds = (seconds: number, language: Language): string => {
  const say = (count: number, unit: 'minute' | 'second') =>
    new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(count)
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60]
  const parts = [...(minutes > 0 ? [say(minutes, 'minute')] : []), ...(rest > 0 ? [say(rest, 'second')] : [])]
  return parts.length === 0 ? say(0, 'second') : parts.join(' ')
}

/** "28 January 2026 at 09:30 UTC", "28 janvier 2026 à 09:30 UTC". What is no moment stays as it is. */
const humanMoment = (written: string | Date, language: Language): string => {
  const moment = new Date(written)
  if (Number.isNaN(moment.getTime())) return String(written)
  const locale = language === 'en' ? 'en-GB' : language
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })
  return `${format.format(moment)} UTC`
}

/** What every mail may say (behaviour/messages.md §4). `url`: where the Space is. */
export const commonValues = (
  config: Config,
  space: MailSpace,
  url: string,
  signature: string | null,
  now: Date,
  language: Language,
): Values => ({
  'space.name': space.name,
  'space.host': space.host,
  'space.url': url,
  // Our own templates do without: a picture from afar tells its server who reads the mail.
  'space.logo_url': space.logo === null ? null : `${url}/storage/img/${space.logo}`,
  'space.copyright': space.copyrightText,
  signature,
  app_download_url: config.MAIL_APP_DOWNLOAD_URL,
  help_url: config.MAIL_HELP_URL,
  now: humanMoment(now, language),
  language,
})

/** A link to the Space's own host, made in the request that the mail is about, tells its scheme and port (D57). */
export const urlOf = (config: Config, space: MailSpace, data: MessageData): string => {
  const outside = spaceUrl(config, space.host)
  const links = [data.link, data.code_link, data.provisioning_link].map((link) => URL.parse(String(link)))
  const own = links.find((link) => link?.hostname === URL.parse(outside)?.hostname)
  return own == null ? outside : own.origin + config.BASE_PATH
}

/** A message's data as people read it: moments in words, and what follows from them. */
export const ownValues = (data: MessageData, language: Language): Values => {
  const { time, expire_at: expireAt, expires_minutes: minutes, days, provisioning_link: provisioning } = data
  const { recorded_at: recordedAt, seconds } = data
  return {
    ...data,
    ...(typeof time === 'string' && { time: humanMoment(time, language) }),
    ...(typeof expireAt === 'string' && { expire_at: humanMoment(expireAt, language) }),
    ...(typeof recordedAt === 'string' && { recorded_at: humanMoment(recordedAt, language) }),
    ...(seconds !== undefined && { duration: typeof seconds === 'number' ? humanSeconds(seconds, language) : null }),
    ...(minutes !== undefined && {
      expires_human: typeof minutes === 'number' ? humanDuration(minutes, language) : null,
    }),
    ...(typeof days === 'number' && {
      days_human: new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(Math.max(0, days), 'day'),
    }),
    ...(provisioning !== undefined && { qr_cid: QR_CID }),
  }
}
