import type { VNode } from 'preact'
import type { FormPage } from '../../panel/answers.tsx'
import { Link } from '../../panel/components/button.tsx'
import { Checkbox, TextField, textOf } from '../../panel/components/fields.tsx'
import { Tabs } from '../../panel/components/head.tsx'
import { NewPasswordFields } from '../../panel/components/new-password.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import { markdown } from '../../panel/markdown.tsx'
import type { Pending } from '../../self-service/contact-details/contact-details.ts'
import { EmailFields, PhoneField } from './contact-fields.tsx'

/** What the new account is confirmed by. */
export type Way = Pending['kind']

export const PATHS = { email: '/register/email', phone: '/register/phone' } as const
const TABS = { email: 'sign_up.by_email', phone: 'sign_up.by_phone' } as const

/** No person sees it: only programs fill it in. */
export const TRAP = 'website'

interface Offer {
  readonly way: Way
  /** The ways that are open. */
  readonly ways: readonly Way[]
  /** What the Space's newsletter is offered with; null: there is none. */
  readonly newsletter: string | null
  readonly captcha: string
  /** So many characters a user name and a password must have. */
  readonly leastName: number
  readonly leastPassword: number
  /** Where what has to be accepted can be read. */
  readonly terms: string | null
  readonly privacy: string | null
}

export const signUpPage = ({ t, space, input }: Kit, offer: Offer): FormPage => {
  const { way, ways, newsletter, captcha, leastName, leastPassword } = offer
  return {
    title: t('sign_up.title'),
    lede: t('sign_up.why'),
    to: '/accounts',
    button: t('sign_up.make'),
    address: PATHS[way],
    captcha,
    before: (
      <>
        {space.introRegistrationText === null ? null : (
          <div class="prose-text">{markdown(space.introRegistrationText)}</div>
        )}
        {ways.length < 2 ? null : (
          <Tabs
            label={t('sign_up.ways')}
            tabs={ways.map((each) => ({ label: t(TABS[each]), to: PATHS[each] }))}
            current={PATHS[way]}
          />
        )}
      </>
    ),
    children: (
      <>
        <TextField
          name="username"
          label={t('sign_up.username')}
          value={textOf(input.username)}
          autocomplete="username"
          autocapitalize="none"
          minlength={leastName}
          maxlength={64}
          hint={`${t('sign_up.username_hint', { count: leastName })} ${t('sign_up.domain', { domain: space.domain })}`}
        />
        {way === 'email' ? (
          <EmailFields value={textOf(input.email)} again={textOf(input.email_confirmation)} />
        ) : (
          <PhoneField value={textOf(input.phone)} />
        )}
        <NewPasswordFields least={leastPassword} label={t('sign_in.password')} />
        <div class="trap" aria-hidden="true">
          <input name={TRAP} tabIndex={-1} autocomplete="off" />
        </div>
        {/* Never ticked beforehand: nobody gets what they did not ask for. */}
        {way === 'phone' || newsletter === null ? null : <Checkbox name="newsletter" label={newsletter} />}
        <Terms {...offer} />
      </>
    ),
    below: (
      <p class="center">
        {t('sign_up.have_account')} <Link to="/login">{t('sign_in.title')}</Link>
      </p>
    ),
  }
}

const Terms = ({ terms, privacy }: Pick<Offer, 'terms' | 'privacy'>): VNode | null => {
  const { t } = useKit()
  const links = [
    { url: terms, label: t('sign_up.terms') },
    { url: privacy, label: t('sign_up.privacy') },
  ].filter(({ url }) => url !== null)
  return links.length === 0 ? null : (
    <Checkbox
      name="terms"
      required
      label={
        <>
          {t('sign_up.terms_accept')}{' '}
          {links.map(({ url, label }, index) => (
            <>
              {index === 0 ? null : ', '}
              {/* The form stays where it is. */}
              <a href={url ?? ''} rel="noopener noreferrer" target="_blank">
                {label}
              </a>
            </>
          ))}
        </>
      }
    />
  )
}
