import { type AdministeredSpace, realmOf } from '../../nouns/space.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { ChoiceField, TextField } from '../../panel/components/fields.tsx'
import { Version } from '../../panel/components/form.tsx'
import { Note } from '../../panel/components/note.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { type Administering, aboveOf, spacePath } from './head.tsx'
import { DIGEST, factsOf } from './parts.ts'

export interface Storing extends Administering {
  readonly space: AdministeredSpace
  readonly accounts: number
  /** Accounts whose password is stored as MD5 alone. */
  readonly md5Only: number
}

/** How the passwords of a Space are stored (behaviour/panel.md §7.17). */
export const digestPage = ({ t, language }: Kit, facts: Storing): FormPage => {
  const { space, at, accounts, md5Only } = facts
  const to = spacePath(at, '/digest')
  return {
    title: t('digest.title'),
    lede: t('digest.lede'),
    above: [...aboveOf(t, facts), [t('integration.title'), spacePath(at, '/integration')]],
    to,
    address: to,
    button: t('digest.save'),
    cancel: [t('panel.cancel'), spacePath(at, '/integration')],
    children: (
      <>
        <Version of={factsOf(space, DIGEST)} to={to} />
        {space.digest === null ? <Note>{t('digest.off')}</Note> : null}
        <TextField
          name="account_realm"
          label={t('digest.realm')}
          hint={t(accounts > 0 ? 'digest.realm_fixed' : 'digest.realm_hint')}
          value={realmOf(space)}
          readonly={accounts > 0}
          autocapitalize="none"
        />
        <ChoiceField
          name="account_default_password_algorithm"
          label={t('digest.algorithm')}
          value={space.digest?.defaultPasswordAlgorithm ?? 'SHA-256'}
          options={[
            { value: 'SHA-256', label: 'SHA-256', hint: t('digest.sha256_hint') },
            { value: 'MD5', label: 'MD5', hint: t('digest.md5_hint') },
          ]}
        />
        {md5Only > 0 ? (
          <Note>{t('digest.md5_only', { count: md5Only, number: md5Only.toLocaleString(language) })}</Note>
        ) : null}
      </>
    ),
  }
}
