import type { AccountType } from '../../accounts/account-types/account-types.ts'
import type { Space } from '../../nouns/space.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { ButtonLink } from '../../panel/components/button.tsx'
import { Card } from '../../panel/components/card.tsx'
import { TextField } from '../../panel/components/fields.tsx'
import { Hidden, Version } from '../../panel/components/form.tsx'
import type { Crumb } from '../../panel/components/head.tsx'
import { Empty } from '../../panel/components/note.tsx'
import { Chip } from '../../panel/components/state.tsx'
import { Menu, Table } from '../../panel/components/table.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import type { Page } from '../../panel/page.tsx'
import { LIST_PATH } from '../accounts-list/rules.ts'

/** Where types are, of which Space they are, and whether that is the caller's own. */
export interface OfSpace {
  readonly space: Space
  readonly isOwn: boolean
  /** Types of the platform may be changed, too. */
  readonly isSuper: boolean
}

const ROOT = `${LIST_PATH}/types`

/** Below the list of types: a Space that is not the caller's own is in the query. */
export const typesPath = ({ space, isOwn }: Pick<OfSpace, 'space' | 'isOwn'>, rest = ''): string =>
  `${ROOT}${rest}${isOwn ? '' : `?space=${space.id}`}`

const spaceField = ({ space, isOwn }: OfSpace) => (isOwn ? null : <Hidden name="space" value={space.id} />)

const aboveOf = ({ t }: Kit, of: OfSpace): readonly Crumb[] => [
  [t('accounts.title'), LIST_PATH],
  [t('types.title'), typesPath(of)],
]

const LONGEST = 64

/** The labels that accounts of a Space can have (behaviour/panel.md §7.6). */
export const typesPage = ({ t }: Kit, of: OfSpace & { readonly types: readonly AccountType[] }): Page => ({
  title: t('types.title'),
  count: of.types.length,
  lede: t('types.why'),
  about: of.isOwn ? undefined : of.space.domain,
  cards: true,
  above: [[t('accounts.title'), LIST_PATH]],
  actions: (
    <ButtonLink to={typesPath(of, '/create')} icon="plus" tone="primary">
      {t('types.add')}
    </ButtonLink>
  ),
  children: (
    <Card flush>
      {of.types.length === 0 ? (
        <Empty icon="door-open" title={t('types.none')}>
          {t('types.none_why')}
        </Empty>
      ) : (
        <Table
          caption={t('types.title')}
          rows={of.types}
          columns={[
            { label: t('types.key'), place: 'main', cell: ({ key }) => <span class="id">{key}</span> },
            {
              label: t('types.whose'),
              place: 'sub',
              cell: ({ spaceId }) => (spaceId === null ? <Chip tone="line">{t('types.platform')}</Chip> : null),
            },
          ]}
          actions={({ id, key, spaceId }) =>
            spaceId === null && !of.isSuper ? null : (
              <Menu
                dots
                label={t('types.of', { key })}
                items={[
                  { label: t('account_page.edit'), to: typesPath(of, `/${id}/edit`), icon: 'pencil' },
                  { label: t('panel.remove'), to: typesPath(of, `/${id}/delete`), icon: 'trash', danger: true },
                ]}
              />
            )
          }
        />
      )}
    </Card>
  ),
})

export const newTypePage = (kit: Kit, of: OfSpace): FormPage => {
  const { t } = kit
  return {
    title: t('types.add'),
    above: aboveOf(kit, of),
    to: ROOT,
    button: t('account_form.save'),
    cancel: [t('panel.cancel'), typesPath(of)],
    address: typesPath(of, '/create'),
    children: (
      <>
        {spaceField(of)}
        <TextField
          name="key"
          label={t('types.key')}
          hint={t('types.key_hint')}
          maxlength={LONGEST}
          autocapitalize="none"
        />
      </>
    ),
  }
}

/** Another name for a type: every account that has it shows it. */
export const typePage = (kit: Kit, of: OfSpace & { readonly type: AccountType }): FormPage => {
  const { t } = kit
  return {
    title: t('types.edit'),
    above: aboveOf(kit, of),
    to: `${ROOT}/${of.type.id}`,
    button: t('account_form.save'),
    cancel: [t('panel.cancel'), typesPath(of)],
    address: typesPath(of, `/${of.type.id}/edit`),
    children: (
      <>
        {spaceField(of)}
        <Version of={of.type.key} to={typesPath(of)} />
        <TextField
          name="key"
          label={t('types.key')}
          hint={t('types.key_hint')}
          value={of.type.key}
          maxlength={LONGEST}
          autocapitalize="none"
        />
      </>
    ),
  }
}

export const removeTypePage = (kit: Kit, of: OfSpace & { readonly type: AccountType }): FormPage => {
  const { t } = kit
  const { id, key } = of.type
  return confirmPage({
    title: t('types.remove_ask', { key }),
    above: aboveOf(kit, of),
    goes: [t('types.goes')],
    stays: [t('types.stays')],
    to: `${ROOT}/${id}/delete`,
    button: t('types.remove'),
    cancel: [t('panel.cancel'), typesPath(of)],
    address: typesPath(of, `/${id}/delete`),
    children: spaceField(of),
  })
}
