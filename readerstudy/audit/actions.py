"""Every act that is recorded, and what its event says."""

from django.utils.translation import gettext_lazy as _

ACTIONS = {
    "account.login": _("Somebody logged in."),
    "account.login_failed": _(
        "A login was refused. The subject is the account, if there is one of that "
        "name; other names are not kept, for people type passwords into the wrong "
        "field."
    ),
    "account.logout": _("Somebody logged out."),
    "account.create": _("An account was made."),
    "account.change": _(
        "An account was made active, staff or superuser, or no longer."
    ),
    "account.password": _("A password was set anew. Nothing of it is kept."),
    "account.delete": _(
        "An account was deleted. One with a role in a study cannot be."
    ),
    "account.groups": _("An account entered or left a group."),
    "account.permissions": _("An account got or lost a permission of its own."),
    "account.lock": _("Wrong passwords or codes locked an account for some minutes."),
    "account.unlock": _("A locked account was opened before its time."),
    "account.factor_add": _("A second factor was set up, or recovery codes were made."),
    "account.factor_remove": _("A second factor or recovery codes were removed."),
    "account.sign_on": _("An account was tied to an identity of single sign-on."),
    "account.administer": _("Something was changed on the administration pages."),
    "token.create": _(
        "Somebody made a token with which a program acts for them. Nothing of its "
        "secret is kept."
    ),
    "token.revoke": _("A token was revoked: it opens nothing from then on."),
    "upload.create": _("Files of a cohort were sent."),
    "upload.take": _("Somebody took files that had been received for a cohort."),
    "upload.discard": _("Files that were sent are forgotten without an import."),
    "cohort.import": _("A cohort was made from its files."),
    "cohort.divide": _(
        "The cases of a cohort were divided into training, validation and test."
    ),
    "cohort.export": _("The table of a cohort's cases was given out as CSV."),
    "images.import": _("Images that others have made came into a cohort."),
    "case.central_slice": _("The slice at which a case is read was corrected."),
    "case.parity": _("Somebody said why differences between scans may stay."),
    "weights.add": _("Weights of a network came in, shipped or uploaded."),
    "job.request": _("The images of a cohort by one method were asked for."),
    "job.cancel": _("A job was stopped."),
    "job.retry": _("A job that had failed or been stopped was asked for again."),
    "stability.request": _("What a method does to images of a cohort was asked for."),
    "stability.cancel": _("A run of the stability suite was stopped."),
    "stability.retry": _("A run of the stability suite was asked for again."),
    "training.request": _("A network is to be trained on a cohort."),
    "training.stop": _("The training of a network was stopped."),
    "training.resume": _("The training of a network goes on from where it stood."),
    "training.forget": _("What a stopped training could go on from was deleted."),
    "sweep.request": _("A network is to be trained at every level of a sweep."),
    "sweep.stop": _("The trainings of a sweep were stopped."),
    "sweep.restart": _("A sweep goes on with what was stopped, failed or missing."),
    "training.done": _("A network was trained to its end; its weights are there."),
    "study.create": _("A draft of a study was made."),
    "study.update": _("A draft was written anew."),
    "member.add": _("A person got a role in a study."),
    "member.remove": _("A person lost their role in a study."),
    "study.open": _("The protocol was frozen and the plan drawn."),
    "study.simulate": _("The readers of a study were declared to be simulated."),
    "read.submit": _("An answer was stored: a version of the scores of one read."),
    "study.amend": _("The protocol of an open study was changed, with a reason."),
    "training.finish": _("A reader went through the training set, and how that ended."),
    "conditions.answer": _("A reader told the viewing conditions of a session."),
    "session.finish": _("A reader's session ended, by its reader or by itself."),
    "session.waive": _("A session may begin before its washout is over."),
    "read.reopen": _("An answered read is to be answered once more."),
    "guess.submit": _("A reader guessed what an image was, after its grade."),
    "read.break_code": _("The arm of one read was disclosed in an emergency."),
    "study.leak_oracle": _("The leak oracle was asked about the study's plan."),
    "study.approve_unblinding": _("One of the two people agreed to unblind."),
    "study.withdraw_approval": _("One of the two took the agreement to unblind back."),
    "study.close": _("No read is shown or answered any more."),
    "study.unblind": _("From now on scores may be seen with their arms."),
    "study.freeze_report": _(
        "The report of an unblinded study was computed and frozen; it has its hash."
    ),
    "study.export": _("The CSV files of an unblinded study were given out."),
    "system.backup": _("A backup of everything was begun."),
    "system.restore": _(
        "The system was made again from a backup; what came after that is not there."
    ),
}

# how the thing is called that an event was done to
SUBJECTS = {
    "account": _("account %s"),
    "case": _("case %s"),
    "cohort": _("cohort %s"),
    "group": _("group %s"),
    "read": _("read %s"),
    "session": _("session %s"),
    "study": _("study %s"),
    "system": _("the system%s"),
    "token": _("token %s"),
    "training": _("attempt %s"),
    "weights": _("weights %s"),
}
