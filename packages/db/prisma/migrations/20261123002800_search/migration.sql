-- Of their beginnings alone, because a text of any length may stand in them. Prisma's schema has no words for it.
CREATE INDEX "changes_of_author" ON "changes"(left("author", 100) text_pattern_ops, "id");

CREATE INDEX "changes_of_branch" ON "changes"(left("branch", 100), "id");

CREATE INDEX "sourcestamps_of_revision" ON "sourcestamps"(left("revision", 100) text_pattern_ops);
