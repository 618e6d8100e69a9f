import type { VNode } from 'preact'
import { DTMF_PROTOCOLS } from '../../accounts/accounts/rules.ts'
import type { Space } from '../../nouns/space.ts'
import { More } from '../../panel/components/card.tsx'
import { ChoiceField, CurrentPasswordField, SelectField, TextField } from '../../panel/components/fields.tsx'
import { useKit } from '../../panel/kit.tsx'

/** What a form about an account shows before anybody has typed. */
export interface Shown {
  readonly username?: string
  readonly displayName?: string | null
  readonly email?: string | null
  readonly phone?: string | null
}

const LONGEST_NAME = 64
const LONGEST_DISPLAY_NAME = 255

interface NameProps {
  readonly of: Shown
  /** Where the account lives, or will. */
  readonly space: Pick<Space, 'domain'>
  /** The SIP domains to choose from; fewer than two are no choice. */
  readonly domains: readonly string[]
  readonly hint?: string
}

/** What the account is called, and how its owner is reached. */
export const WhoFields = ({ of, space, domains, hint }: NameProps): VNode => {
  const { t } = useKit()
  const isChoice = domains.length > 1
  return (
    <>
      <TextField
        name="username"
        label={t('account_form.username')}
        value={of.username}
        hint={hint ?? t('account_form.username_hint')}
        maxlength={LONGEST_NAME}
        autocapitalize="none"
        {...(isChoice ? {} : { suffix: `@${space.domain}` })}
      />
      {isChoice ? (
        <SelectField
          name="domain"
          label={t('overview.domain')}
          value={space.domain}
          options={domains.map((domain) => ({ value: domain, label: domain }))}
        />
      ) : null}
      <TextField
        name="display_name"
        label={t('dashboard.display_name')}
        hint={t('account_form.display_name_hint')}
        value={of.displayName ?? undefined}
        maxlength={LONGEST_DISPLAY_NAME}
        optional
      />
      <div class="pair">
        <TextField name="email" type="email" label={t('dashboard.email')} value={of.email ?? undefined} optional />
        <TextField
          name="phone"
          type="tel"
          label={t('dashboard.phone')}
          hint={t('account_form.phone_hint')}
          value={of.phone ?? undefined}
          optional
        />
      </div>
    </>
  )
}

interface RoleProps {
  readonly isAdmin: boolean
  readonly space: Pick<Space, 'name' | 'super'>
  /** The sign-in of whoever gives a role is long ago. */
  readonly asksForCurrent: boolean
}

/** What the account may do. Whoever gives or takes the right to administer proves once more who they are. */
export const RoleFields = ({ isAdmin, space, asksForCurrent }: RoleProps): VNode => {
  const { t } = useKit()
  return (
    <>
      <ChoiceField
        name="admin"
        label={t('account_form.role')}
        value={isAdmin ? '1' : '0'}
        across
        options={[
          { value: '0', label: t('account_form.user'), hint: t('account_form.user_hint') },
          {
            value: '1',
            label: t(space.super ? 'panel.super' : 'panel.admin'),
            hint: space.super ? t('account_form.super_hint') : t('account_form.admin_hint', { space: space.name }),
          },
        ]}
      />
      {asksForCurrent ? <CurrentPasswordField depends hint={t('account_form.prove')} /> : null}
    </>
  )
}

const DTMF_NAMES = { sipinfo: 'SIP INFO', rfc2833: 'RFC 2833', sipmessage: 'SIP MESSAGE' } as const

/** As people know it. */
export const dtmfName = (protocol: keyof typeof DTMF_NAMES): string => DTMF_NAMES[protocol]

/** What only intercoms need. */
export const IntercomFields = ({ dtmfProtocol }: { dtmfProtocol: keyof typeof DTMF_NAMES | null }): VNode => {
  const { t } = useKit()
  return (
    <More title={t('account_form.intercom')} icon="door-open" open={dtmfProtocol !== null}>
      <SelectField
        name="dtmf_protocol"
        label={t('account_form.dtmf')}
        hint={t('account_form.dtmf_hint')}
        value={dtmfProtocol ?? ''}
        optional
        options={[
          { value: '', label: t('panel.none') },
          ...DTMF_PROTOCOLS.map((protocol) => ({ value: protocol, label: dtmfName(protocol) })),
        ]}
      />
    </More>
  )
}
