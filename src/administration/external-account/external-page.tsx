import type { AccountView } from '../../accounts/accounts/accounts.ts'
import { ALGORITHMS } from '../../accounts/passwords/rules.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { ButtonLink } from '../../panel/components/button.tsx'
import { More } from '../../panel/components/card.tsx'
import { SelectField, TextField } from '../../panel/components/fields.tsx'
import { Version } from '../../panel/components/form.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { type ExternalAccount, PROTOCOLS } from '../../telephony/external-accounts/external-accounts.ts'
import { aboveOf, pathOf } from '../account/head.tsx'

/** The line of an account at a carrier; null: it has none. */
export interface Line {
  readonly account: AccountView
  readonly line: ExternalAccount | null
}

/** What the form was made from: another of these, and it is stale. */
export const factsOf = (line: ExternalAccount | null) =>
  line === null
    ? null
    : [line.username, line.domain, line.realm, line.registrar, line.outboundProxy, line.protocol, line.algorithm]

const LONGEST = 64

/** An account's account with somebody else's SIP server (behaviour/panel.md §7.5). */
export const externalPage = ({ t, refused }: Kit, { account, line }: Line): FormPage => {
  const path = pathOf(account, '/external')
  const details = ['realm', 'registrar', 'outbound_proxy'] as const
  return {
    title: t('external.title'),
    lede: t('external.why'),
    above: aboveOf(t, { account }),
    to: path,
    button: t('account_form.save'),
    cancel: [t('panel.cancel'), pathOf(account)],
    address: path,
    children: (
      <>
        <Version of={factsOf(line)} to={path} />
        <div class="pair">
          <TextField
            name="username"
            label={t('dashboard.username')}
            value={line?.username}
            maxlength={LONGEST}
            autocapitalize="none"
          />
          <TextField
            name="domain"
            label={t('external.domain')}
            hint={t('external.domain_hint')}
            value={line?.domain}
            maxlength={LONGEST}
            autocapitalize="none"
          />
        </div>
        <TextField
          name="password"
          type="password"
          label={t('sign_in.password')}
          hint={line === null ? undefined : t('external.password_hint')}
          autocomplete="new-password"
          optional={line !== null}
        />
        <SelectField
          name="protocol"
          label={t('external.protocol')}
          value={line?.protocol ?? 'UDP'}
          options={PROTOCOLS.map((protocol) => ({ value: protocol, label: protocol }))}
        />
        <More
          title={t('external.details')}
          icon="sliders"
          open={details.some((name) => refused.has(name)) || line?.realm != null || line?.registrar != null}
        >
          <TextField
            name="realm"
            label={t('dashboard.realm')}
            hint={t('external.realm_hint')}
            value={line?.realm ?? undefined}
            maxlength={LONGEST}
            autocapitalize="none"
            optional
          />
          <TextField
            name="registrar"
            label={t('external.registrar')}
            value={line?.registrar ?? undefined}
            maxlength={LONGEST}
            autocapitalize="none"
            optional
          />
          <TextField
            name="outbound_proxy"
            label={t('external.outbound_proxy')}
            value={line?.outboundProxy ?? undefined}
            maxlength={LONGEST}
            autocapitalize="none"
            optional
          />
          <SelectField
            name="algorithm"
            label={t('external.algorithm')}
            hint={t('external.algorithm_hint')}
            value={line?.algorithm ?? 'MD5'}
            options={ALGORITHMS.map((algorithm) => ({ value: algorithm, label: algorithm }))}
          />
        </More>
      </>
    ),
    after:
      line === null ? null : (
        <div>
          <ButtonLink to={`${path}/delete`} tone="danger" icon="trash">
            {t('external.remove')}…
          </ButtonLink>
        </div>
      ),
  }
}

/** Before the line goes. */
export const removeExternalPage = (
  { t }: Kit,
  { account, line }: { account: AccountView; line: ExternalAccount },
): FormPage =>
  confirmPage({
    title: t('external.remove_ask'),
    lede: addressOfRecord(line),
    above: aboveOf(t, { account }),
    goes: [t('external.calls')],
    stays: [t('external.account_stays')],
    to: pathOf(account, '/external/delete'),
    button: t('external.remove'),
    cancel: [t('panel.cancel'), pathOf(account)],
    address: pathOf(account, '/external/delete'),
  })
