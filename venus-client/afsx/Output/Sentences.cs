using AfsLike.Common.Model;

namespace AfsLike.Afsx.Output;

/// <summary>The one place where an <see cref="AfsError"/> becomes a sentence for people. What the failing side said goes first.</summary>
internal static class Sentences
{
    public static string Of(AfsException failure)
    {
        var detail = failure.Message == failure.Error.ToString() ? "" : failure.Message;
        return (detail, Advice(failure.Error)) switch
        {
            ("", var advice) => advice,
            (var said, "") => said,
            var (said, advice) => said.Contains("; ", StringComparison.Ordinal) || said.Contains("run `", StringComparison.Ordinal) ? said : $"{said}; {advice}",
        };
    }

    private static string Advice(AfsError error) => error switch
    {
        AfsError.NotFound => "look at how it is written",
        AfsError.Exists => "it exists already; choose another name",
        AfsError.NotDirectory => "a directory is needed there",
        AfsError.AccessDenied => "you lack the right; `afsx acl get` shows who has it, `afsx whoami` who you are",
        AfsError.NotPermitted => "only an administrator may; `afsx whoami` shows who you are",
        AfsError.NameTooLong => "a name has 255 bytes at most",
        AfsError.NoSpace => "the server's disk is full",
        AfsError.NoToken => "run `afsx login`",
        AfsError.BadPassword => "try again",
        AfsError.UnknownVolume => "see `afsx volume list`",
        AfsError.UnknownHost => "see `afsx host list`",
        AfsError.UnknownUser => "see `afsx user list`",
        AfsError.UnknownCell => "see `afsx cell status`",
        AfsError.TimedOut => "the server did not answer in time; see `afsx status`",
        AfsError.Unavailable => "see `afsx doctor`",
        AfsError.Corrupted => "stored data does not match its checksum; see the server's log",
        AfsError.NotSupported => "the daemon does not offer this; are all parts of one version?",
        AfsError.Internal => "this is a defect; the daemon's log has more",
        _ => "",
    };
}
