import type { VNode } from 'preact'
import type { NamedKey } from '../../access/api-keys/named-keys.ts'
import type { MessageId } from '../../messages/messages.ts'
import type { KeyScope } from '../../nouns/caller.ts'
import { Moment } from '../../panel/components/moment.tsx'
import { State } from '../../panel/components/state.tsx'
import { useKit } from '../../panel/kit.tsx'

const HOUR = 60
const DAY = 24 * HOUR

/** In minutes; what people can choose from. 0: for ever. */
export const IDLE_CHOICES = [0, HOUR, DAY, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY] as const
/** What is chosen before anybody has chosen: what is forgotten dies. */
export const USUAL_IDLE = 90 * DAY

/** What a key may do, in a word. */
export const SCOPE_WORDS = {
  full: 'named_keys.everything',
  read: 'named_keys.read',
  telephony: 'named_keys.telephony',
  provisioning: 'named_keys.provisioning',
} as const satisfies Record<KeyScope, MessageId>

/** "90 days": the largest unit in which it is a whole number. */
export const idleText = (minutes: number): { readonly id: MessageId; readonly values: { readonly count: number } } => {
  if (minutes % DAY === 0) return { id: 'named_keys.days', values: { count: minutes / DAY } }
  if (minutes % HOUR === 0) return { id: 'named_keys.hours', values: { count: minutes / HOUR } }
  return { id: 'named_keys.minutes', values: { count: minutes } }
}

const MINUTE_MS = 60_000

const endOf = ({ idleMinutes, expireAt, lastUsedAt, createdAt }: NamedKey, now: Date): 'ended' | 'idle' | null => {
  if (expireAt !== null && expireAt <= now) return 'ended'
  const idleSince = (lastUsedAt ?? createdAt).getTime()
  return idleMinutes > 0 && idleSince + idleMinutes * MINUTE_MS < now.getTime() ? 'idle' : null
}

/** Until when a key works, or why it does not any more. */
export const KeyEnd = ({ of: key, now }: { of: NamedKey; now: Date }): VNode => {
  const { t } = useKit()
  const { idleMinutes, expireAt } = key
  const end = endOf(key, now)
  const { id, values } = idleText(idleMinutes)
  if (end === 'idle') return <State icon="offline">{t('named_keys.was_idle', { time: t(id, values) })}</State>
  if (end === 'ended') return <State icon="offline">{t('named_keys.ended')}</State>
  return (
    <>
      {expireAt === null ? null : <Moment at={expireAt} />}
      {expireAt !== null && idleMinutes > 0 ? ' · ' : null}
      {idleMinutes > 0 ? t('named_keys.unused_for', { time: t(id, values) }) : null}
      {expireAt === null && idleMinutes === 0 ? t('named_keys.never') : null}
    </>
  )
}
