import type { Config } from './settings.ts'

/** Whether a Space's host is `APP_ROOT_HOST` or a name below it; requests for any other are answered with 503. */
export const isUnderRoot = ({ APP_ROOT_HOST: root }: Pick<Config, 'APP_ROOT_HOST'>, host: string): boolean =>
  host.endsWith(root) && (host.length === root.length || host.at(-root.length - 1) === '.')
