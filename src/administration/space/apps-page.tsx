import type { AdministeredSpace } from '../../nouns/space.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { FieldGroup } from '../../panel/components/card.tsx'
import { SelectField, Switch } from '../../panel/components/fields.tsx'
import { Version } from '../../panel/components/form.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { FLAGS } from '../../spaces/spaces/rules.ts'
import { type Administering, aboveOf, SpaceTabs, spacePath } from './head.tsx'
import { APP_SWITCHES, APPS, factsOf } from './parts.ts'

/** More than an app can show; 0: as many as it can. */
const MOST_IN_AN_APP = 5

/** What the apps of a Space show (behaviour/panel.md §7.16). */
export const appsPage = ({ t }: Kit, facts: Administering & { readonly space: AdministeredSpace }): FormPage => {
  const { space, at } = facts
  const to = spacePath(at, '/edit')
  const most = Math.max(MOST_IN_AN_APP, space.maxAccount)
  const switches = (fields: readonly (typeof APP_SWITCHES)[number]['field'][]) => (
    <div>
      {APP_SWITCHES.filter(({ field }) => fields.includes(field)).map(({ field, member, says }) => (
        <Switch name={field} label={t(`space_apps.${field}`)} checked={space[FLAGS[member]] === says} />
      ))}
    </div>
  )
  return {
    title: t('space_apps.title'),
    lede: t('space_apps.lede'),
    above: aboveOf(t, facts),
    cards: true,
    to,
    address: to,
    button: t('space_apps.save'),
    before: <SpaceTabs of={facts} rest="/edit" />,
    children: (
      <>
        <Version of={factsOf(space, APPS)} to={to} />
        <FieldGroup title={t('space_apps.features')} why={t('space_apps.features_why')} first>
          {switches(['chat', 'meetings', 'broadcast', 'recordings'])}
        </FieldGroup>
        <FieldGroup title={t('space_apps.shown')} why={t('space_apps.shown_why')}>
          {switches(['settings', 'account_settings', 'usernames'])}
        </FieldGroup>
        <FieldGroup title={t('space_apps.assistant')} why={t('space_apps.assistant_why')}>
          {switches(['create_account', 'qr_code', 'third_party'])}
          <SelectField
            name="max_account"
            label={t('space_apps.max_account')}
            value={String(space.maxAccount)}
            options={Array.from({ length: most + 1 }, (_, count) => ({
              value: String(count),
              label: count === 0 ? t('space_apps.any') : String(count),
            }))}
          />
        </FieldGroup>
      </>
    ),
  }
}
