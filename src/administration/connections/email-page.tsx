import type { MailFailure } from '../../mail/failure.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { ButtonLink } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { SelectField, Switch, TextField } from '../../panel/components/fields.tsx'
import { Action, Version } from '../../panel/components/form.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import type { EmailServerRow } from '../../spaces/space-email-servers/store.ts'
import { type Administering, aboveOf, spacePath } from '../space/head.tsx'

export interface Mailing extends Administering {
  readonly server: EmailServerRow | null
  /** Where a test would go: to the administrator. null: they have no address. */
  readonly own: string | null
  /** Whether a certificate is looked at where nothing is said. */
  readonly verifies: boolean
}

/** By convention the port where programs hand mails in (RFC 6409). */
const USUAL_PORT = 587

const above = (t: Kit['t'], facts: Administering) =>
  [...aboveOf(t, facts), [t('integration.title'), spacePath(facts.at, '/integration')]] as const

/** What the form was made from: another of these, and it is stale. */
export const serverFactsOf = (server: EmailServerRow | null) =>
  server === null ? null : Object.entries(server).filter(([name]) => name !== 'updatedAt')

/** The server that the mails of a Space leave by (behaviour/panel.md §7.17). */
export const emailPage = ({ t }: Kit, facts: Mailing): FormPage => {
  const { server, at, own, verifies } = facts
  const to = spacePath(at, '/email')
  return {
    title: t('space_email.title'),
    lede: t('space_email.lede'),
    above: above(t, facts),
    cards: true,
    to,
    address: to,
    button: t('space_email.save'),
    cancel: [t('panel.cancel'), spacePath(at, '/integration')],
    children: (
      <div class="stack measure">
        <Version of={serverFactsOf(server)} to={to} />
        <div class="pair">
          <TextField
            name="host"
            label={t('space_email.host')}
            hint={t('space_email.host_hint')}
            value={server?.host}
            maxlength={64}
            autocapitalize="none"
          />
          <TextField
            name="port"
            type="number"
            min={1}
            max={65_535}
            label={t('space_email.port')}
            value={server?.port ?? USUAL_PORT}
            class="short"
          />
        </div>
        <SelectField
          name="encryption"
          label={t('space_email.encryption')}
          value={server === null ? 'auto' : (server.encryption ?? '')}
          optional
          options={[
            ...(server !== null && server.encryption === null
              ? [{ value: '', label: t('space_email.encryption_instance') }]
              : []),
            { value: 'auto', label: t('space_email.encryption_auto') },
            { value: 'starttls', label: t('space_email.encryption_starttls') },
            { value: 'tls', label: t('space_email.encryption_tls') },
            { value: 'none', label: t('space_email.encryption_none') },
          ]}
        />
        <Switch
          name="verify_certificate"
          label={t('space_email.verify')}
          hint={t('space_email.verify_hint')}
          checked={server?.verifyCertificate ?? verifies}
        />
        <div class="pair">
          <TextField
            name="username"
            label={t('space_email.username')}
            value={server?.username ?? undefined}
            autocapitalize="none"
            maxlength={128}
            optional
          />
          <TextField
            name="password"
            type="password"
            label={t('space_email.password')}
            hint={t(
              server === null || server.password === null ? 'space_email.password_hint' : 'space_email.password_kept',
            )}
            autocomplete="new-password"
            maxlength={128}
            optional
          />
        </div>
        <div class="pair">
          <TextField
            name="from_address"
            type="email"
            label={t('space_email.from_address')}
            value={server?.fromAddress ?? undefined}
            maxlength={128}
            optional
          />
          <TextField
            name="from_name"
            label={t('space_email.from_name')}
            value={server?.fromName ?? undefined}
            maxlength={128}
            optional
          />
        </div>
        <TextField
          name="signature"
          label={t('space_email.signature')}
          value={server?.signature ?? undefined}
          maxlength={256}
          optional
        />
      </div>
    ),
    after:
      server === null ? null : (
        <div class="stack measure">
          <Card title={t('space_email.test')}>
            <p class="muted">
              {own === null ? t('space_email.test_nowhere') : t('space_email.test_why', { email: own })}
            </p>
            <div class="actions">
              {own === null ? (
                <ButtonLink to="/email/change">{t('account_mail.add_address')}</ButtonLink>
              ) : (
                <Action to={spacePath(at, '/email/test')} icon="send">
                  {t('space_email.send_test')}
                </Action>
              )}
            </div>
          </Card>
          <Card title={t('space_email.remove')} danger>
            <p class="muted">{t('space_email.remove_why')}</p>
            <div class="actions">
              <ButtonLink to={spacePath(at, '/email/delete')} icon="trash" tone="danger">
                {t('space_email.remove_menu')}
              </ButtonLink>
            </div>
          </Card>
        </div>
      ),
  }
}

export const removeEmailPage = ({ t }: Kit, facts: Administering & { readonly server: EmailServerRow }): FormPage =>
  confirmPage({
    title: t('space_email.remove_title'),
    lede: facts.server.host,
    above: above(t, facts),
    goes: [t('space_email.goes')],
    stays: [t('space_email.stays')],
    to: spacePath(facts.at, '/email/delete'),
    button: t('space_email.remove'),
    cancel: [t('space_email.keep'), spacePath(facts.at, '/email')],
    address: spacePath(facts.at, '/email/delete'),
  })

/** Why a test mail did not leave, with what was spoken. */
export const testFailedPage = (
  { t }: Kit,
  { failure, spoken, ...facts }: Administering & { readonly failure: MailFailure; readonly spoken: readonly string[] },
): Page => ({
  title: t('space_email.test_failed'),
  lede: [
    t(`space_email.failed_${failure.reason}`, { server: failure.server ?? '' }),
    failure.said === null ? '' : t('panel.quoted', { text: failure.said }),
  ].join(' '),
  above: [...above(t, facts), [t('space_email.title'), spacePath(facts.at, '/email')]],
  status: 422,
  address: null,
  children: (
    <>
      {spoken.length === 0 ? null : (
        <>
          <p class="muted">{t('space_email.transcript')}</p>
          <pre class="wrap">
            <code>{spoken.join('\n')}</code>
          </pre>
        </>
      )}
      <div class="actions">
        <ButtonLink to={spacePath(facts.at, '/email')} tone="primary">
          {t('space_email.back')}
        </ButtonLink>
        <Action to={spacePath(facts.at, '/email/test')} icon="refresh">
          {t('space_email.again')}
        </Action>
      </div>
    </>
  ),
})
