import type { VNode } from 'preact'
import type { Space } from '../../nouns/space.ts'
import { type Crumb, type Tab, Tabs } from '../../panel/components/head.tsx'
import { type Translate, useKit } from '../../panel/kit.tsx'
import { OWN_SPACE } from '../scope/scope.ts'

/** A Space that is administered, and by whom. */
export interface Administering {
  readonly space: Space
  /** As addresses name it: by its id, or `me`. */
  readonly at: string
  readonly isSuper: boolean
}

export const SPACES_PATH = '/admin/spaces'

/** Below the base path, where a Space is administered; `rest` begins with a slash. */
export const spacePath = (at: string, rest = ''): string => `${SPACES_PATH}/${at}${rest}`

/** Where it is asked whether a Space shall go. */
export const deletePathOf = (at: string): string => `${SPACES_PATH}/delete/${at}`

/** The way down to a page about a Space. */
export const aboveOf = (t: Translate, { space, at, isSuper }: Administering): readonly Crumb[] => [
  ...(isSuper && at !== OWN_SPACE ? ([[t('spaces.title'), SPACES_PATH]] as const) : []),
  [space.name, spacePath(at)],
]

const tabsOf = (t: Translate, { at, isSuper }: Administering): readonly Tab[] => [
  { label: t('overview.title'), to: spacePath(at) },
  { label: t('space_look.tab'), to: spacePath(at, '/configuration') },
  { label: t('integration.title'), to: spacePath(at, '/integration') },
  ...(isSuper
    ? [
        { label: t('space_admin.tab'), to: spacePath(at, '/administration') },
        { label: t('space_apps.tab'), to: spacePath(at, '/edit') },
      ]
    : []),
]

/** The pages of a Space; `rest` is that of the one that is open. */
export const SpaceTabs = ({ of, rest }: { of: Administering; rest: string }): VNode => {
  const { t } = useKit()
  return <Tabs label={t('space.tabs')} tabs={tabsOf(t, of)} current={spacePath(of.at, rest)} />
}
