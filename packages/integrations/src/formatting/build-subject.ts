import type { Report } from '@yardmaster/domain'
import { aboutOf } from './about.js'

/** Of messages that a build has one of, or a thread of: the build; else the builder, and so on. */
export const subjectOf = (report: Report, perBuild: boolean): string => (perBuild && report.build ? `${aboutOf(report)} #${report.build.number}` : aboutOf(report))
