import type { FormPage } from '../../panel/answers.tsx'
import { More } from '../../panel/components/card.tsx'
import { Checkbox, ChoiceField, CurrentPasswordField, Switch, TextField } from '../../panel/components/fields.tsx'
import { Note } from '../../panel/components/note.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { SPACES_PATH } from '../space/head.tsx'

export interface MakingSpace {
  /** What every host ends with. */
  readonly root: string
  readonly asksForCurrent: boolean
}

/** A new Space (behaviour/panel.md §7.16). */
export const createSpacePage = ({ t, refused }: Kit, { root, asksForCurrent }: MakingSpace): FormPage => ({
  title: t('spaces.create'),
  lede: t('spaces.create_lede'),
  above: [[t('spaces.title'), SPACES_PATH]],
  to: SPACES_PATH,
  address: `${SPACES_PATH}/create`,
  button: t('spaces.create'),
  cancel: [t('panel.cancel'), SPACES_PATH],
  children: (
    <>
      <TextField name="name" label={t('spaces.name')} hint={t('spaces.name_hint')} maxlength={255} />
      <TextField
        name="domain"
        label={t('overview.domain')}
        hint={t('spaces.domain_hint')}
        maxlength={64}
        autocapitalize="none"
      />
      <TextField
        name="host"
        label={t('overview.host')}
        hint={t('spaces.host_hint', { root })}
        suffix={`.${root}`}
        autocapitalize="none"
        optional
      />
      <Note>{t('spaces.dns')}</Note>
      <More
        title={t('spaces.more')}
        icon="sliders"
        open={['account_realm', 'super', 'current_password'].some((name) => refused.has(name))}
      >
        <TextField
          name="account_realm"
          label={t('digest.realm')}
          hint={t('digest.realm_hint')}
          autocapitalize="none"
          optional
        />
        <ChoiceField
          name="account_default_password_algorithm"
          label={t('digest.algorithm')}
          value="SHA-256"
          options={[
            { value: 'SHA-256', label: 'SHA-256', hint: t('digest.sha256_hint') },
            { value: 'MD5', label: 'MD5', hint: t('digest.md5_hint') },
          ]}
        />
        <Switch name="super" label={t('space_admin.super')} hint={t('space_admin.super_hint')} />
        {asksForCurrent ? <CurrentPasswordField depends hint={t('space_admin.prove')} /> : null}
      </More>
      <Checkbox name="administrator" label={t('spaces.then_administrator')} checked />
    </>
  ),
})
