import type { AccountView } from '../../accounts/accounts/accounts.ts'
import { ALGORITHMS } from '../../accounts/passwords/rules.ts'
import type { CarddavCredential } from '../../address-books/carddav-credentials/carddav-credentials.ts'
import type { CarddavServer } from '../../nouns/space.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { SelectField, TextField } from '../../panel/components/fields.tsx'
import { Version } from '../../panel/components/form.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { aboveOf, pathOf } from '../account/head.tsx'

export const credentialPathOf = (account: AccountView, serverId: number, rest = ''): string =>
  pathOf(account, `/carddavs/${serverId}${rest}`)

/** What the form was made from: another of these, and it is stale. */
export const factsOf = (credential: CarddavCredential | null) =>
  credential === null ? null : [credential.username, credential.realm, credential.algorithm]

const LONGEST_NAME = 64
const LONGEST_REALM = 255

/** What the account signs in with; null: nothing yet. */
const fields = ({ t }: Kit, credential: CarddavCredential | null) => (
  <>
    <TextField
      name="username"
      label={t('dashboard.username')}
      value={credential?.username}
      maxlength={LONGEST_NAME}
      autocapitalize="none"
    />
    <TextField
      name="password"
      type="password"
      label={t('sign_in.password')}
      hint={credential === null ? undefined : t('carddav.password_hint')}
      autocomplete="new-password"
      optional={credential !== null}
    />
    <div class="pair">
      <TextField
        name="realm"
        label={t('dashboard.realm')}
        hint={t('carddav.realm_hint')}
        value={credential?.realm}
        maxlength={LONGEST_REALM}
        autocapitalize="none"
      />
      <SelectField
        name="algorithm"
        label={t('external.algorithm')}
        value={credential?.algorithm ?? 'MD5'}
        options={ALGORITHMS.map((algorithm) => ({ value: algorithm, label: algorithm }))}
      />
    </div>
  </>
)

interface Adding {
  readonly account: AccountView
  /** Those that it has no credentials for. */
  readonly servers: readonly CarddavServer[]
}

/** For a server that the account has none for (behaviour/panel.md §7.5). */
export const newCredentialPage = (kit: Kit, { account, servers }: Adding): FormPage => {
  const { t } = kit
  return {
    title: t('carddav.add'),
    lede: t('carddav.why'),
    above: aboveOf(t, { account }),
    to: pathOf(account, '/carddavs'),
    button: t('account_form.save'),
    cancel: [t('panel.cancel'), pathOf(account)],
    address: pathOf(account, '/carddavs/create'),
    children: (
      <>
        <SelectField
          name="carddav_id"
          label={t('carddav.server')}
          options={servers.map(({ id, uri }) => ({ value: String(id), label: uri }))}
        />
        {fields(kit, null)}
      </>
    ),
  }
}

interface Having {
  readonly account: AccountView
  readonly server: CarddavServer
  readonly credential: CarddavCredential
}

/** Another name or password for a server. */
export const credentialPage = (kit: Kit, { account, server, credential }: Having): FormPage => {
  const { t } = kit
  const path = credentialPathOf(account, server.id)
  return {
    title: t('carddav.edit'),
    lede: server.uri,
    above: aboveOf(t, { account }),
    to: path,
    button: t('account_form.save'),
    cancel: [t('panel.cancel'), pathOf(account)],
    address: `${path}/edit`,
    children: (
      <>
        <Version of={factsOf(credential)} to={`${path}/edit`} />
        {fields(kit, credential)}
      </>
    ),
  }
}

/** Before they go. */
export const removeCredentialPage = ({ t }: Kit, { account, server, credential }: Having): FormPage =>
  confirmPage({
    title: t('carddav.remove_ask'),
    lede: `${credential.username} · ${server.uri}`,
    above: aboveOf(t, { account }),
    note: t('dictionary.next_start'),
    to: credentialPathOf(account, server.id, '/delete'),
    button: t('carddav.remove'),
    cancel: [t('panel.cancel'), pathOf(account)],
    address: credentialPathOf(account, server.id, '/delete'),
  })
