using AfsLike.Common.Model;
using AfsLike.Simulation.Kernel;

namespace AfsLike.Tests.Simulation;

/// <summary>The model of a cached listing, held against fs/fuse/readdir.c.</summary>
public class ListingCacheTests
{
    private readonly ListingCache _cache = new();

    [Fact]
    public void A_listing_that_was_read_to_its_end_is_served()
    {
        Fill();
        Assert.True(_cache.CanServe(changes: 1, modified: 5));
        Assert.Single(_cache.Names);
    }

    [Fact]
    public void A_listing_whose_pages_were_taken_away_is_read_anew()
    {
        Fill();
        _cache.DropPages();
        Assert.False(_cache.CanServe(changes: 1, modified: 5));
    }

    [Fact]
    public void An_empty_listing_has_pages_too()
    {
        _cache.Begin(1, 5);
        _cache.AddDots();
        _cache.Complete(0);
        Assert.True(_cache.CanServe(changes: 1, modified: 5));
        _cache.DropPages();
        Assert.False(_cache.CanServe(changes: 1, modified: 5));
    }

    [Fact]
    public void A_directory_that_changed_here_is_read_anew()
    {
        Fill();
        Assert.False(_cache.CanServe(changes: 2, modified: 5));
    }

    [Fact]
    public void A_reply_that_was_under_way_when_the_pages_were_taken_away_fills_them_again()
    {
        _cache.Begin(1, 5);
        _cache.DropPages();
        _cache.AddDots();
        _cache.Add(new ListedName(FileName.From("old"), 7, 1), 0);
        _cache.Complete(1);
        Assert.True(_cache.CanServe(changes: 1, modified: 5));
    }

    private void Fill()
    {
        _cache.Begin(1, 5);
        _cache.AddDots();
        _cache.Add(new ListedName(FileName.From("a"), 7, 1), 0);
        _cache.Complete(1);
    }
}
