using System.Text;

namespace AfsLike.Common.Model;

/// <summary>The AFS rights a directory's ACL grants, one letter each: rlidwka.</summary>
[Flags]
public enum Rights : byte
{
    None = 0,

    /// <summary>r: read the contents of the directory's files.</summary>
    Read = 1,

    /// <summary>l: look up names, list the directory, see status and ACL.</summary>
    Lookup = 2,

    /// <summary>i: insert names.</summary>
    Insert = 4,

    /// <summary>d: delete names.</summary>
    Delete = 8,

    /// <summary>w: write the contents and the status of the directory's files.</summary>
    Write = 16,

    /// <summary>k: lock files.</summary>
    Lock = 32,

    /// <summary>a: administer the ACL.</summary>
    Administer = 64,

    All = Read | Lookup | Insert | Delete | Write | Lock | Administer,
}

/// <summary>Rights as people type them: letters in any order, or the words read, write, all, none.</summary>
public static class RightsText
{
    private const string Letters = "rlidwka";

    public static string Format(Rights rights)
    {
        if (rights == Rights.None)
        {
            return "none";
        }

        var text = new StringBuilder(Letters.Length);
        for (var i = 0; i < Letters.Length; i++)
        {
            if (((int)rights & (1 << i)) != 0)
            {
                text.Append(Letters[i]);
            }
        }

        return text.ToString();
    }

    /// <summary>Throws <see cref="AfsException"/> InvalidArgument for anything but the letters and the four words.</summary>
    public static Rights Parse(string text)
    {
        switch (text)
        {
            case "none": return Rights.None;
            case "all": return Rights.All;
            case "read": return Rights.Read | Rights.Lookup;
            case "write": return Rights.All & ~Rights.Administer;
        }

        var rights = Rights.None;
        foreach (var letter in text)
        {
            var index = Letters.IndexOf(letter, StringComparison.Ordinal);
            if (index < 0)
            {
                throw new AfsException(
                    AfsError.InvalidArgument, $"'{letter}' is not a right; rights are letters of {Letters}, or read, write, all, none");
            }

            rights |= (Rights)(1 << index);
        }

        return rights;
    }
}
