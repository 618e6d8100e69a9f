import type { VNode } from 'preact'
import { ButtonLink } from '../../panel/components/button.tsx'
import { Card, Facts } from '../../panel/components/card.tsx'
import { Action } from '../../panel/components/form.tsx'
import { Moment } from '../../panel/components/moment.tsx'
import { Empty, Note } from '../../panel/components/note.tsx'
import { State } from '../../panel/components/state.tsx'
import { Menu, Table } from '../../panel/components/table.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import type { Delivery, Webhook } from '../../spaces/webhooks/webhooks.ts'
import { stateOf } from '../../spaces/webhooks/wire.ts'
import { EVENTS } from '../../webhooks/events.ts'
import { WEBHOOKS_PATH } from './webhooks-page.tsx'
import { EVENT_WORDS, WebhookState } from './words.tsx'

export interface ShownWebhook {
  readonly webhook: Webhook
  readonly deliveries: readonly Delivery[]
  /** What older attempts are asked for with; null: there are none. */
  readonly next: number | null
  /** They are not the newest. */
  readonly isOlder: boolean
  /** What came of a test event that was just sent. */
  readonly tested: Delivery | null
  readonly now: Date
}

const isTaken = ({ attempt: { status } }: Delivery): boolean => status !== null && status >= 200 && status < 300

/** One webhook, what it hears of, and what came of it. */
export const webhookPage = ({ t }: Kit, facts: ShownWebhook): Page => {
  const { webhook, deliveries, tested } = facts
  const path = `${WEBHOOKS_PATH}/${webhook.id}`
  return {
    title: webhook.name,
    above: [[t('webhooks.title'), WEBHOOKS_PATH]],
    about: (
      <>
        <span class="id muted">{webhook.url}</span>
        <WebhookState of={webhook} />
      </>
    ),
    actions: (
      <>
        <Action to={`${path}/test`} icon="send" tone="primary">
          {t('webhooks.test')}
        </Action>
        <Menu
          label={t('panel.actions')}
          items={[
            { label: t('webhooks.edit'), to: `${path}/edit`, icon: 'pencil' },
            { label: t('webhooks.rotate_ask'), to: `${path}/rotate`, icon: 'refresh' },
            { label: t('webhooks.delete_ask'), to: `${path}/delete`, icon: 'trash', danger: true },
          ]}
        />
      </>
    ),
    address: path,
    cards: true,
    wide: true,
    children: (
      <>
        {tested === null ? null : <Tested delivery={tested} />}
        <About facts={facts} />
        {deliveries.length === 0 ? (
          <Card title={t('webhooks.log')}>
            <Empty icon="send" title={t('webhooks.log_none')}>
              {t('webhooks.log_none_why')}
            </Empty>
          </Card>
        ) : (
          <Log facts={facts} />
        )}
      </>
    ),
  }
}

/** What came of the test. */
const Tested = ({ delivery }: { delivery: Delivery }): VNode => {
  const { t } = useKit()
  const { status, durationMs, error } = delivery.attempt
  return (
    <Note tone={isTaken(delivery) ? 'good' : 'bad'} role={isTaken(delivery) ? 'status' : 'alert'}>
      {isTaken(delivery)
        ? t('webhooks.test_taken', { status: status ?? '', ms: durationMs })
        : status === null
          ? t('webhooks.test_silent', { error: error ?? '' })
          : t('webhooks.test_refused', { status })}
    </Note>
  )
}

const About = ({ facts: { webhook, now } }: { facts: ShownWebhook }): VNode => {
  const { t } = useKit()
  const { enabled, goneAt, previousUntil } = webhook
  return (
    <Card>
      {goneAt === null || enabled ? null : <Note tone="warn">{t('webhooks.gone_why')}</Note>}
      <Facts>
        {[
          [
            t('webhooks.hears'),
            EVENTS.filter((event) => webhook.events.includes(event))
              .map((event) => t(EVENT_WORDS[event]))
              .join(' · '),
          ],
          [t('webhooks.created'), <Moment at={webhook.createdAt} />],
          goneAt !== null && !enabled && [t('webhooks.gone_at'), <Moment at={goneAt} />],
          previousUntil !== null && previousUntil > now && [t('webhooks.previous'), <Moment at={previousUntil} />],
        ]}
      </Facts>
      <div class="actions">
        <Action to={`${WEBHOOKS_PATH}/${webhook.id}/turn`} fields={{ enabled: enabled ? 0 : 1 }} size="small">
          {t(enabled ? 'webhooks.turn_off' : 'webhooks.turn_on')}
        </Action>
        <span class="muted small-text">{t(enabled ? 'webhooks.turn_off_why' : 'webhooks.turn_on_why')}</span>
      </div>
    </Card>
  )
}

const Event = ({ of: { attempt } }: { of: Delivery }): VNode => {
  const { t } = useKit()
  const [noun = '', ...verb] = attempt.event.split('.')
  return (
    <>
      {noun}.<wbr />
      {verb.join('.')}
      {attempt.attempt === 1 ? null : (
        <small class="muted"> {t('webhooks.attempt', { number: attempt.attempt })}</small>
      )}
    </>
  )
}

const Outcome = ({ delivery }: { delivery: Delivery }): VNode => {
  const { t } = useKit()
  const { status } = delivery.attempt
  return isTaken(delivery) ? (
    <State tone="good" icon="pass">
      {status}
    </State>
  ) : (
    <State tone="bad" icon="fail">
      {status ?? t('webhooks.silent')}
    </State>
  )
}

/** What has become of the message since. */
const Since = ({ delivery }: { delivery: Delivery }): VNode => {
  const { t } = useKit()
  const state = stateOf(delivery)
  return (
    <>
      {state === 'dead' ? t('webhooks.given_up') : null}
      {state === 'delivered' ? t('webhooks.delivered') : null}
      {state === 'waiting' && delivery.message !== null ? (
        <>
          {t('webhooks.again_at')} <Moment at={delivery.message.notBefore} />
        </>
      ) : null}
    </>
  )
}

const LONGEST_ANSWER = 80

const answerOf = ({ attempt: { error, answer } }: Delivery): string => {
  const text = error ?? answer ?? ''
  return text.length > LONGEST_ANSWER ? `${text.slice(0, LONGEST_ANSWER)}…` : text
}

const Log = ({ facts }: { facts: ShownWebhook }): VNode => {
  const { t } = useKit()
  const { webhook, deliveries, next, isOlder } = facts
  const path = `${WEBHOOKS_PATH}/${webhook.id}`
  const mayResend = (delivery: Delivery) => webhook.enabled && ['waiting', 'dead'].includes(stateOf(delivery) ?? '')
  return (
    <Card
      flush
      title={t('webhooks.log')}
      aside={
        webhook.enabled && deliveries.some((delivery) => stateOf(delivery) === 'dead') ? (
          <Action to={`${path}/send_again`} icon="refresh" size="small">
            {t('webhooks.resend_all')}
          </Action>
        ) : (
          <span class="muted small-text">{t('webhooks.log_kept')}</span>
        )
      }
    >
      <Table
        caption={t('webhooks.log')}
        rows={deliveries}
        columns={[
          { label: t('webhooks.event'), place: 'main', cell: (delivery) => <Event of={delivery} /> },
          { label: t('webhooks.when'), place: 'sub', cell: ({ attempt }) => <Moment at={attempt.createdAt} /> },
          { label: t('webhooks.answer'), place: 'more', cell: (delivery) => <Outcome delivery={delivery} /> },
          { label: t('webhooks.subject'), place: 'wide', cell: ({ attempt }) => attempt.subject },
          { label: t('webhooks.said'), place: 'wide', cell: answerOf },
          { label: t('webhooks.since'), place: 'wide', cell: (delivery) => <Since delivery={delivery} /> },
        ]}
        actions={(delivery) =>
          mayResend(delivery) ? (
            <Action
              to={`${path}/deliveries/${delivery.attempt.id}/send_again`}
              size="small"
              about={`${delivery.attempt.event}, ${delivery.attempt.subject}`}
            >
              {t('webhooks.resend')}
            </Action>
          ) : null
        }
      />
      {next === null && !isOlder ? null : (
        <footer class="actions">
          {isOlder ? <ButtonLink to={path}>{t('webhooks.newest')}</ButtonLink> : null}
          {next === null ? null : <ButtonLink to={`${path}?before=${next}`}>{t('webhooks.older')}</ButtonLink>}
        </footer>
      )}
    </Card>
  )
}
