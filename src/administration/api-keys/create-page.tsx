import type { FormPage } from '../../panel/answers.tsx'
import { ChoiceField, CurrentPasswordField, SelectField, TextArea, TextField } from '../../panel/components/fields.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { IDLE_CHOICES, idleText, USUAL_IDLE } from './key-words.tsx'

interface Making {
  readonly path: string
  /** Only what administrators may do fits the other scopes. */
  readonly isAdministrator: boolean
  readonly asksForCurrent: boolean
}

/** What a new key may do, from where, and for how long. */
export const createKeyPage = ({ t }: Kit, { path, isAdministrator, asksForCurrent }: Making): FormPage => ({
  title: t('named_keys.create'),
  lede: t('named_keys.create_why'),
  above: [[t('named_keys.title'), path]],
  to: path,
  button: t('named_keys.make'),
  icon: 'key',
  cancel: [t('panel.cancel'), path],
  address: `${path}/create`,
  children: (
    <>
      <TextField name="name" label={t('named_keys.name')} hint={t('named_keys.name_hint')} maxlength={100} />
      <ChoiceField
        name="scope"
        label={t('named_keys.scope')}
        value="read"
        options={[
          { value: 'read', label: t('named_keys.read'), hint: t('named_keys.read_hint') },
          ...(isAdministrator
            ? [
                { value: 'telephony', label: t('named_keys.telephony'), hint: t('named_keys.telephony_hint') },
                { value: 'provisioning', label: t('named_keys.provisioning'), hint: t('named_keys.provisioning_hint') },
              ]
            : []),
          { value: 'full', label: t('named_keys.full'), hint: t('named_keys.full_hint') },
        ]}
      />
      <TextArea
        name="networks"
        label={t('named_keys.networks')}
        hint={t('named_keys.networks_hint')}
        rows={2}
        code
        optional
      />
      <SelectField
        name="expires_after_last_used_minutes"
        label={t('named_keys.idle')}
        hint={t('named_keys.idle_hint')}
        value={String(USUAL_IDLE)}
        options={IDLE_CHOICES.map((minutes) => {
          const { id, values } = idleText(minutes)
          return { value: String(minutes), label: minutes === 0 ? t('named_keys.idle_never') : t(id, values) }
        })}
      />
      <TextField
        name="expire_at"
        label={t('named_keys.end')}
        hint={t('named_keys.end_hint')}
        type="date"
        class="date"
        optional
      />
      {asksForCurrent ? <CurrentPasswordField hint={t('named_keys.current_hint')} /> : null}
    </>
  ),
})
