using System.Globalization;

namespace AfsLike.Simulation.World;

/// <summary>Who there is in a simulated cell. Number 0 is the administrator; on every host user N is logged in as uid 1000 + N.</summary>
public static class CellUsers
{
    public const int Count = 4;

    public const uint FirstUid = 1000;

    public static IEnumerable<int> All => Enumerable.Range(0, Count);

    public static uint UidOf(int user) => FirstUid + (uint)user;

    public static string NameOf(int user) => user == 0 ? "admin" : string.Create(CultureInfo.InvariantCulture, $"user{user}");

    public static string PasswordOf(int user) => $"password of {NameOf(user)}";
}
